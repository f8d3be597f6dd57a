// One thin line at the bottom: cameras online, who reads them, where the API is.
import { Copy } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { AppInfo, Stream } from '../backend';
import { copyText } from '../lib/copy';
import { useServices } from './context';

interface StatusLineProps {
  cameras: Stream[];
  info: AppInfo | undefined;
}

export function StatusLine({ cameras, info }: StatusLineProps) {
  const { t } = useTranslation();
  const { hub } = useServices();
  const online = cameras.filter((camera) => camera.status.state === 'online').length;
  const consumers = cameras.reduce((sum, camera) => sum + hub.othersReading(camera), 0);
  return (
    <footer className="flex h-8 shrink-0 items-center gap-5 border-t border-line bg-surface px-3 text-xs text-quiet">
      {cameras.length > 0 && (
        <>
          <span className={online < cameras.length ? 'text-warning' : undefined}>
            {t('status.online', { online, total: cameras.length })}
          </span>
          <span>{t('status.consumers', { count: consumers })}</span>
        </>
      )}
      <span className="flex-1" />
      {info && (
        <>
          <button
            type="button"
            data-testid="api-address"
            title={t('status.copyAddress')}
            aria-description={t('status.copyAddress')}
            onClick={() => void copyText(info.apiUrl)}
            className="flex h-6 items-center gap-1.5 rounded px-1.5 text-text hover:bg-raised focus-visible:outline-offset-0"
          >
            {info.apiUrl}
            <Copy aria-hidden className="size-3.5 text-quiet" />
          </button>
          <span>
            {t('app.name')} {info.version}
          </span>
        </>
      )}
    </footer>
  );
}
