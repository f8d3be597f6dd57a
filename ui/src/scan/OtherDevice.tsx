// A device that told no streams, or is still being asked for them.
import { CircleCheck, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';
import { Button } from '../components/ui/button';
import { sentence } from '../lib/sentence';
import { nameOf } from './choose';
import { DeviceFacts } from './ReadyDevice';
import type { Device } from './wire';

interface OtherDeviceProps {
  device: Device;
  onByHand: () => void;
}

export function OtherDevice({ device, onByHand }: OtherDeviceProps) {
  const { t } = useTranslation();
  const { address, state, error, stream_id } = device;
  return (
    <li
      data-testid={`scan-device-${address}`}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 p-4"
    >
      <div className="min-w-48 flex-1">
        <p className="truncate font-medium">{nameOf(device)}</p>
        <DeviceFacts device={device} />
        {error && <p className="text-sm text-error select-text">{sentence(error.message)}</p>}
      </div>
      {stream_id !== null ? (
        <a
          href={formatRoute({ page: 'camera', id: stream_id })}
          className="flex items-center gap-1.5 rounded text-sm text-accent hover:text-accent-hover"
        >
          <CircleCheck aria-hidden className="size-4" />
          {t('scan.added')}
        </a>
      ) : state === 'asking' ? (
        <p className="text-sm text-quiet">{t('scan.asking')}</p>
      ) : (
        <Button aria-label={t('scan.byHandOf', { name: nameOf(device) })} onClick={onByHand}>
          <Plus aria-hidden />
          {t('scan.byHand')}
        </Button>
      )}
    </li>
  );
}
