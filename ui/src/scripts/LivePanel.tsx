// Waits for the person's program to join the camera, and then shows how it fares.
import { CircleCheck, Loader } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Consumer, type Stream, streamPath } from '../backend';
import { useApi } from '../lib/useApi';
import { programName, programsOf } from './consumers';

const POLL_MS = 1000;

interface LivePanelProps {
  camera: Stream;
  /** Web pages count as programs. */
  pages: boolean;
}

export function LivePanel({ camera, pages }: LivePanelProps) {
  const { t } = useTranslation();
  const { data, error } = useApi<{ consumers: Consumer[] }>(
    `${streamPath(camera.stream_id)}/consumers`,
    { every: POLL_MS },
  );
  const programs = programsOf(data?.consumers ?? [], pages);
  const joined = programs.length > 0;
  // A script that reads one picture is gone before a person looks here.
  const [seen, setSeen] = useState<Consumer | null>(null);
  const last = programs.at(-1);
  if (last && last.id !== seen?.id) setSeen(last);
  const name = (consumer: Consumer) => programName(consumer) ?? t('scripts.aProgram');

  return (
    <section
      aria-label={t('scripts.live')}
      data-testid="scripts-live"
      data-state={joined ? 'joined' : seen ? 'left' : 'waiting'}
      className="rounded-2xl border border-line bg-surface p-5"
    >
      <div role="status" className="flex items-center gap-3">
        {joined || seen ? (
          <CircleCheck aria-hidden className="size-6 shrink-0 text-accent" />
        ) : (
          <Loader aria-hidden className="size-6 shrink-0 text-quiet motion-safe:animate-spin" />
        )}
        <div className="min-w-0">
          <p className="font-semibold break-words">
            {last
              ? t('scripts.works', { program: name(last), camera: camera.name })
              : seen
                ? t('scripts.worked', { program: name(seen), camera: camera.name })
                : t('scripts.waiting')}
          </p>
          {!joined && (
            <p className="text-sm text-quiet">
              {seen ? t('scripts.workedNote') : t('scripts.waitingNote')}
            </p>
          )}
        </div>
      </div>
      {camera.status.state !== 'online' && (
        <p className="mt-3 text-sm text-warning">
          {t('scripts.cameraAway', { name: camera.name, state: t(`state.${camera.status.state}`) })}
        </p>
      )}
      {error && (
        <p role="alert" className="mt-3 text-sm text-error select-text">
          {t('scripts.noConsumers', { reason: error.message })}
        </p>
      )}
      <ul className="mt-4 space-y-3 empty:hidden">
        {programs.map((consumer) => (
          <li key={consumer.id} className="rounded-lg bg-raised p-3">
            <p className="truncate text-sm font-medium select-text">{name(consumer)}</p>
            <Facts consumer={consumer} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ consumer }: { consumer: Consumer }) {
  const { t, i18n } = useTranslation();
  const { pid, width, height, fps, delivered_frames, dropped_frames, lag_ms, kind } = consumer;
  const number = (value: number) =>
    new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 }).format(value);
  const facts: [string, string][] = [
    [t('scripts.size'), width && height ? `${width} × ${height}` : t('camera.consumers.packets')],
    [t('scripts.fps'), number(fps)],
    [t('scripts.delivered'), number(delivered_frames)],
    [t('scripts.dropped'), number(dropped_frames)],
  ];
  if (lag_ms !== null) facts.push([t('scripts.age'), `${Math.round(lag_ms)} ms`]);
  if (pid !== null) facts.push([t('scripts.pid'), String(pid)]);
  if (kind === 'shared_memory') facts.push([t('scripts.way'), t('scripts.sharedMemory')]);
  return (
    <dl className="mt-1.5 grid grid-cols-[1fr_auto] gap-x-4 gap-y-0.5 text-sm select-text">
      {facts.map(([term, value]) => (
        <div key={term} className="contents">
          <dt className="text-quiet">{term}</dt>
          <dd className="text-right">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
