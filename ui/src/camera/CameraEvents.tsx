// What happened to one camera lately. Servers that keep no events have no such part.
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';
import { streamPath } from '../backend';
import { Section } from '../components/ui/section';
import { EventList } from '../events/EventList';
import type { EventList as Events } from '../events/event';
import { useApi } from '../lib/useApi';

const EVERY_MS = 4000;
const SHOWN = 20;

export function CameraEvents({ streamId }: { streamId: string }) {
  const { t } = useTranslation();
  const path = `${streamPath(streamId)}/events?limit=${SHOWN}`;
  const { data, missing } = useApi<Events>(path, { every: EVERY_MS });
  if (missing || data === undefined) return null;
  return (
    <Section
      title={t('camera.events')}
      bare
      beside={
        <a
          className="rounded text-accent hover:underline"
          href={formatRoute({ page: 'events', camera: streamId })}
        >
          {t('camera.allEvents')}
        </a>
      }
    >
      {data.events.length === 0 ? (
        <p className="rounded-xl border border-line bg-surface p-4 text-sm text-quiet">
          {t('events.none')}
        </p>
      ) : (
        <EventList events={data.events} />
      )}
    </Section>
  );
}
