// How all cameras do, the worst first: what is wrong, since when, and what to try.
import { useQueries } from '@tanstack/react-query';
import { RotateCw } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useServices } from '../app/context';
import { Page } from '../app/Page';
import { formatRoute } from '../app/routes';
import { type History, type Stream, streamPath } from '../backend';
import { useCameras } from '../cameras/useCameras';
import { Button } from '../components/ui/button';
import { Since } from '../components/ui/since';
import { cn } from '../lib/cn';
import { duration } from '../lib/duration';
import { sentence } from '../lib/sentence';
import { apiKey, messageOf } from '../lib/useApi';
import { useNow } from '../lib/useNow';
import { badness, isSlow, needsALook, rateOf, reconnectsOf, worstFirst } from './order';
import { StateMark } from './StateMark';
import { Trouble } from './Trouble';

/** The last minutes change little in a few seconds, and each camera costs a question. */
const EVERY_MS = 5000;

export default function HealthPage() {
  const { t } = useTranslation();
  const { cameras, unreachable } = useCameras();
  const histories = useHistories(cameras ?? []);
  const now = useNow(true);
  const sorted = worstFirst(cameras ?? [], histories);
  const troubled = sorted.filter((each) => needsALook(each, histories.get(each.stream_id))).length;
  return (
    <Page
      title={t('health.title')}
      beside={
        sorted.length > 0 && (
          <p role="status" className={cn('text-sm', troubled > 0 ? 'text-warning' : 'text-quiet')}>
            {troubled > 0 ? t('health.troubled', { count: troubled }) : t('health.allWell')}
          </p>
        )
      }
    >
      {cameras === undefined && !unreachable && (
        <p className="text-sm text-quiet">{t('page.loading')}</p>
      )}
      {cameras?.length === 0 && <p className="text-quiet">{t('health.none')}</p>}
      {sorted.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
          {sorted.map((camera) => (
            <Row
              key={camera.stream_id}
              camera={camera}
              history={histories.get(camera.stream_id)}
              now={now}
            />
          ))}
        </ul>
      )}
    </Page>
  );
}

function useHistories(cameras: Stream[]): Map<string, History> {
  const { backend } = useServices();
  const ids = cameras.map(({ stream_id }) => stream_id);
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: apiKey(`${streamPath(id)}/history`),
      queryFn: () => backend.request<History>('GET', `${streamPath(id)}/history`),
      refetchInterval: EVERY_MS,
    })),
    combine: (results) => {
      const known = new Map<string, History>();
      results.forEach(({ data }, i) => {
        const id = ids[i];
        if (data && id !== undefined) known.set(id, data);
      });
      return known;
    },
  });
}

interface RowProps {
  camera: Stream;
  history: History | undefined;
  now: number;
}

function Row({ camera, history, now }: RowProps) {
  const { t, i18n } = useTranslation();
  const { status, name, stream_id: id } = camera;
  const rate = history && rateOf(history);
  const number = (value: number) =>
    new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 }).format(value);
  const facts: string[] = [];
  if (status.state === 'online' && rate) {
    const pictures = number(rate.now);
    facts.push(
      rate.usual === null
        ? t('health.fpsAlone', { now: pictures })
        : t('health.fps', { now: pictures, usual: number(rate.usual) }),
    );
  }
  if (history) facts.push(t('health.reconnects', { count: reconnectsOf(history) }));
  const well = badness(camera, history) === 0;
  return (
    <li className="flex items-start gap-4 px-4 py-3" data-testid={`health-${id}`}>
      <div className="min-w-0 flex-1 space-y-1">
        <div className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
          <a
            href={formatRoute({ page: 'camera', id })}
            className="min-w-0 truncate rounded text-base font-medium hover:text-accent hover:underline"
          >
            {name}
          </a>
          <StateMark state={status.state} className="self-center" />
          <span className="text-sm text-quiet">
            {t('camera.since')} <Since time={status.since} now={now} />
          </span>
        </div>
        {!well && status.state !== 'online' && <Trouble status={status} now={now} />}
        {status.state === 'online' && status.frozen_since && (
          <p className="text-sm text-warning">
            {t('health.frozen', { time: duration(t, now - Date.parse(status.frozen_since)) })}
          </p>
        )}
        {status.state === 'online' && rate && isSlow(rate) && (
          <p className="text-sm text-warning">{t('health.slow')}</p>
        )}
        {facts.length > 0 && <p className="text-sm text-quiet">{facts.join(' · ')}</p>}
      </div>
      <Restart camera={camera} />
    </li>
  );
}

function Restart({ camera }: { camera: Stream }) {
  const { t } = useTranslation();
  const { backend } = useServices();
  const [sending, setSending] = useState(false);
  const { name, stream_id: id } = camera;
  const restart = async () => {
    setSending(true);
    try {
      await backend.request('POST', `${streamPath(id)}/restart`, {});
      toast.success(t('health.restarted', { name }));
    } catch (cause) {
      toast.error(sentence(messageOf(cause)));
    }
    setSending(false);
  };
  return (
    <Button
      className="h-8 px-3"
      aria-label={t('health.restartName', { name })}
      disabled={sending}
      onClick={() => void restart()}
    >
      <RotateCw aria-hidden />
      {t('health.restart')}
    </Button>
  );
}
