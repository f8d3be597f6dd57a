// What happened lately at all cameras, or at one, as it happens.
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '../app/Page';
import { navigate, type RouteOf } from '../app/routes';
import { useCameras } from '../cameras/useCameras';
import { Select } from '../components/ui/select';
import { sentence } from '../lib/sentence';
import { useApi } from '../lib/useApi';
import { EventList } from './EventList';
import { type EventList as Events, FILTERS, type Filter, passes } from './event';

const EVERY_MS = 2000;
/** The server keeps no more than a thousand, and nobody reads further down. */
const PATH = '/api/events/recent?limit=500';

export default function EventsPage({ route }: { route: RouteOf<'events'> }) {
  const { t } = useTranslation();
  const { cameras } = useCameras();
  const { data, error, missing } = useApi<Events>(PATH, { every: EVERY_MS });
  const [filter, setFilter] = useState<Filter>('cameras');
  const streamId = route.camera ?? null;
  const names = useMemo(
    () => new Map((cameras ?? []).map(({ stream_id, name }) => [stream_id, name])),
    [cameras],
  );
  const shown = data?.events.filter((event) => passes(event, filter, streamId)) ?? [];

  return (
    <Page title={t('events.title')}>
      {!missing && (
        <div className="mb-5 grid max-w-xl grid-cols-2 gap-3">
          <Select
            label={t('events.camera')}
            data-testid="events-camera"
            value={streamId ?? ''}
            onChange={({ target }) => {
              const camera = target.value;
              navigate({ page: 'events', ...(camera && { camera }) }, { replace: true });
            }}
          >
            <option value="">{t('events.allCameras')}</option>
            {streamId !== null && !names.has(streamId) && (
              <option value={streamId}>{streamId}</option>
            )}
            {[...names].map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
          <Select
            label={t('events.filter')}
            data-testid="events-filter"
            value={filter}
            onChange={({ target }) => setFilter(target.value as Filter)}
          >
            {FILTERS.map((each) => (
              <option key={each} value={each}>
                {t(`events.is.${each}`)}
              </option>
            ))}
          </Select>
        </div>
      )}
      {missing && <p className="text-quiet">{t('events.missing')}</p>}
      {!missing && error && data === undefined && (
        <p role="alert" className="text-error">
          {sentence(error.message)}
        </p>
      )}
      {data === undefined && !error && <p className="text-sm text-quiet">{t('page.loading')}</p>}
      {data !== undefined && shown.length === 0 && (
        <p className="text-quiet">
          {t(data.events.length === 0 ? 'events.none' : 'events.noneFound')}
        </p>
      )}
      {shown.length > 0 && <EventList events={shown} names={names} />}
    </Page>
  );
}
