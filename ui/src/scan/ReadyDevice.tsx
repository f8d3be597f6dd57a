// A device that told its streams: which to take, under which name, and how they look.
import { CircleCheck } from 'lucide-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';
import { Field } from '../components/ui/field';
import { Select } from '../components/ui/select';
import { nameOf, type Plan, type Wish } from './choose';
import { StreamPreview } from './StreamPreview';
import { streamWords } from './streamWords';
import type { Device, SignIn } from './wire';

interface ReadyDeviceProps {
  device: Device;
  plan: Plan;
  signIn: SignIn | undefined;
  /** Why it was not added, in words. */
  refused: string | null;
  onWish: (wish: Wish) => void;
}

export function ReadyDevice({ device, plan, signIn, refused, onWish }: ReadyDeviceProps) {
  const { t, i18n } = useTranslation();
  const id = useId();
  const { address, streams, stream_id } = device;
  const choices = streams.map((stream, at) => ({
    at,
    words: streamWords(stream, at, t, i18n.language),
  }));
  return (
    <li data-testid={`scan-device-${address}`} className="p-4">
      <div className="flex items-center gap-3">
        {stream_id === null && (
          <input
            id={id}
            type="checkbox"
            data-testid={`scan-choose-${address}`}
            checked={plan.chosen}
            onChange={(event) => onWish({ chosen: event.target.checked })}
            className="size-4 shrink-0 accent-accent"
          />
        )}
        <label htmlFor={id} className="min-w-0 flex-1">
          <span className="block truncate font-medium">{nameOf(device)}</span>
          <DeviceFacts device={device} />
        </label>
        {stream_id !== null && (
          <a
            href={formatRoute({ page: 'camera', id: stream_id })}
            className="flex items-center gap-1.5 rounded text-sm text-accent hover:text-accent-hover"
          >
            <CircleCheck aria-hidden className="size-4" />
            {t('scan.added')}
          </a>
        )}
      </div>
      {stream_id === null && plan.chosen && (
        <div className="mt-3 space-y-3 pl-7">
          <div className="grid gap-3 sm:grid-cols-[2fr_3fr_3fr] [&_select]:text-sm">
            <Field
              label={t('add.name')}
              value={plan.name}
              maxLength={100}
              data-testid={`scan-name-${address}`}
              onChange={(event) => onWish({ name: event.target.value })}
            />
            <Select
              label={t('scan.main')}
              value={plan.main}
              data-testid={`scan-main-${address}`}
              onChange={(event) => onWish({ main: Number(event.target.value) })}
            >
              {choices.map(({ at, words }) => (
                <option key={at} value={at}>
                  {words}
                </option>
              ))}
            </Select>
            <Select
              label={t('scan.sub')}
              value={plan.sub ?? ''}
              data-testid={`scan-sub-${address}`}
              onChange={({ target }) =>
                onWish({ sub: target.value === '' ? null : Number(target.value) })
              }
            >
              <option value="">{t('scan.noSub')}</option>
              {choices
                .filter(({ at }) => at !== plan.main)
                .map(({ at, words }) => (
                  <option key={at} value={at}>
                    {words}
                  </option>
                ))}
            </Select>
          </div>
          {refused && (
            <p role="alert" className="text-sm text-error select-text">
              {refused}
            </p>
          )}
          <StreamPreview name={plan.name} stream={streams[plan.main]} signIn={signIn} />
        </div>
      )}
    </li>
  );
}

/** Address and maker, as far as the name does not say them. */
export function DeviceFacts({ device }: { device: Device }) {
  const { address, manufacturer, model } = device;
  const shown = nameOf(device);
  const maker = [manufacturer, model].filter(Boolean).join(' ');
  const facts = [address, maker].filter((fact) => fact !== '' && fact !== shown);
  return <span className="block truncate text-sm text-quiet select-text">{facts.join(' · ')}</span>;
}
