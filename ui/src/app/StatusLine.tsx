// One thin line at the bottom: what it costs, cameras online, who reads them, where the API is.
import { Copy, Pause as PauseIcon, Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { AppInfo, Stream } from '../backend';
import { copyText } from '../lib/copy';
import { useServices } from './context';
import { formatRoute } from './routes';
import { type Pause, useLoad } from './useLoad';

interface StatusLineProps {
  cameras: Stream[];
  info: AppInfo | undefined;
  pause: Pause | undefined;
}

const ACTION =
  'flex min-h-6 shrink-0 items-center gap-1.5 rounded px-1.5 whitespace-nowrap text-text hover:bg-raised focus-visible:outline-offset-0 disabled:opacity-60 [&_svg]:size-3.5 [&_svg]:text-quiet';

export function StatusLine({ cameras, info, pause }: StatusLineProps) {
  const { t, i18n } = useTranslation();
  const { hub } = useServices();
  const load = useLoad();
  const online = cameras.filter((camera) => camera.status.state === 'online').length;
  const consumers = cameras.reduce((sum, camera) => sum + hub.othersReading(camera), 0);
  const number = (value: number, digits = 0) =>
    new Intl.NumberFormat(i18n.language, { maximumFractionDigits: digits }).format(value);
  const paused = pause?.paused ?? false;
  return (
    <footer className="flex min-h-8 shrink-0 flex-wrap items-center gap-x-4 border-t border-line bg-surface px-3 text-xs whitespace-nowrap text-quiet">
      {load && (
        <span
          data-testid="load"
          title={t('load.exact', {
            used: number(load.cpu_cores, 2),
            cores: load.cores,
            memory: number(load.memory_bytes / 1e6),
            count: load.processes,
          })}
        >
          {t('load.cpu', { percent: number((100 * load.cpu_cores) / Math.max(1, load.cores)) })}
        </span>
      )}
      {cameras.length > 0 && (
        <a
          href={formatRoute({ page: 'health' })}
          className={`rounded hover:underline ${online < cameras.length && !paused ? 'text-warning' : ''}`}
        >
          {t('status.online', { online, total: cameras.length })}
        </a>
      )}
      {load && <span>{t('load.scripts', { count: load.scripts })}</span>}
      {!load && cameras.length > 0 && <span>{t('status.consumers', { count: consumers })}</span>}
      <span className="min-w-0 flex-1" />
      {pause && (cameras.length > 0 || paused) && (
        <button
          type="button"
          data-testid="pause"
          disabled={pause.changing}
          className={ACTION}
          onClick={() => void pause.set(!paused)}
        >
          {paused ? <Play aria-hidden /> : <PauseIcon aria-hidden />}
          {t(paused ? 'load.resume' : 'load.pause')}
        </button>
      )}
      {info && (
        <>
          <button
            type="button"
            data-testid="api-address"
            title={t('status.copyAddress')}
            aria-description={t('status.copyAddress')}
            onClick={() => void copyText(info.apiUrl)}
            className={ACTION}
          >
            {info.apiUrl}
            <Copy aria-hidden />
          </button>
          <span className="max-sm:hidden">
            {t('app.name')} {info.version}
          </span>
        </>
      )}
    </footer>
  );
}
