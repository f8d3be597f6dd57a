// The first page: all cameras' pictures, or one alone. Its keys work only while it is shown.
import { useTranslation } from 'react-i18next';
import type { Stream } from '../backend';
import { EmptyState } from '../cameras/EmptyState';
import { Grid } from '../player/Grid';
import { useShell } from './shell';
import { type Hotkeys, useHotkeys } from './useHotkeys';

interface CamerasPageProps {
  /** Undefined until the first answer. */
  cameras: Stream[] | undefined;
  unreachable: boolean;
  soloId: string | null;
  onSolo: (streamId: string | null) => void;
  wall: { shown: boolean; toggle: () => void; leave: () => void };
}

export function CamerasPage({ cameras, unreachable, soloId, onSolo, wall }: CamerasPageProps) {
  const { t } = useTranslation();
  const { apiUrl, openAdd, askToRemove } = useShell();
  const all = cameras ?? [];

  const keys: Hotkeys = {
    escape: () => (soloId === null ? wall.leave() : onSolo(null)),
    f: wall.toggle,
  };
  all.slice(0, 9).forEach(({ stream_id }, i) => {
    keys[String(i + 1)] = () => onSolo(soloId === stream_id ? null : stream_id);
  });
  useHotkeys(keys);

  if (cameras === undefined) {
    return unreachable ? null : <p className="m-auto text-sm text-quiet">{t('app.loading')}</p>;
  }
  if (all.length === 0) return <EmptyState onAdd={() => openAdd()} />;
  return (
    <Grid
      cameras={all}
      bare={wall.shown}
      soloId={soloId}
      onSolo={onSolo}
      onRemove={(camera) => askToRemove(camera)}
      apiUrl={apiUrl}
    />
  );
}
