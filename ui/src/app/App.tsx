// The window: rail, banners, cameras, status line, and the dialogs over them.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Toaster } from 'sonner';
import type { Stream } from '../backend';
import { AddDialog } from '../cameras/AddDialog';
import { EmptyState } from '../cameras/EmptyState';
import { RemoveDialog } from '../cameras/RemoveDialog';
import { useCameras, usePushedCameras } from '../cameras/useCameras';
import { Grid } from '../player/Grid';
import { Announcer } from './Announcer';
import { Banners } from './Banners';
import { useServices } from './context';
import { Rail } from './Rail';
import { StatusLine } from './StatusLine';
import { useTheme } from './theme';
import { type Hotkeys, useHotkeys } from './useHotkeys';
import { useWall } from './useWall';

/** FFmpeg may be installed and ports freed while we run. */
const INFO_REFRESH_MS = 15_000;

export function App() {
  const { t } = useTranslation();
  const { backend } = useServices();
  const client = useQueryClient();
  usePushedCameras();
  const { cameras, unreachable } = useCameras();
  const { data: info } = useQuery({
    queryKey: ['info'],
    queryFn: () => backend.info(),
    refetchInterval: INFO_REFRESH_MS,
  });
  const { choice, theme, next } = useTheme();
  const { wall, toggle: toggleWall, leave: leaveWall } = useWall();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Stream | null>(null);
  const [wantedSolo, setWantedSolo] = useState<string | null>(null);

  const all = cameras ?? [];
  // A camera that was removed meanwhile cannot be alone on screen.
  const soloId = all.some((c) => c.stream_id === wantedSolo) ? wantedSolo : null;
  const empty = cameras !== undefined && cameras.length === 0;
  const bare = wall && !empty;

  const keys: Hotkeys = {
    escape: () => (soloId === null ? leaveWall() : setWantedSolo(null)),
    f: toggleWall,
  };
  all.slice(0, 9).forEach(({ stream_id }, i) => {
    keys[String(i + 1)] = () => setWantedSolo(soloId === stream_id ? null : stream_id);
  });
  useHotkeys(keys);

  return (
    <div className="flex h-full">
      {!bare && (
        <Rail
          showingAll={soloId === null}
          onShowAll={() => setWantedSolo(null)}
          onAdd={() => setAdding(true)}
          onWall={toggleWall}
          theme={choice}
          onTheme={next}
        />
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        {!bare && (
          <Banners
            info={info}
            unreachable={unreachable}
            onCheckAgain={() => void client.invalidateQueries()}
          />
        )}
        <main className="flex min-h-0 flex-1 flex-col">
          {cameras === undefined && !unreachable && (
            <p className="m-auto text-sm text-quiet">{t('app.loading')}</p>
          )}
          {empty && <EmptyState onAdd={() => setAdding(true)} />}
          {all.length > 0 && (
            <Grid
              cameras={all}
              bare={bare}
              soloId={soloId}
              onSolo={setWantedSolo}
              onRemove={setRemoving}
              apiUrl={info?.apiUrl ?? 'http://127.0.0.1:8080'}
            />
          )}
        </main>
        {!bare && <StatusLine cameras={all} info={info} />}
      </div>
      <AddDialog open={adding} onClose={() => setAdding(false)} />
      <RemoveDialog camera={removing} onClose={() => setRemoving(null)} />
      <Announcer cameras={all} />
      <Toaster theme={theme} position="bottom-right" offset={{ bottom: 44, right: 16 }} />
    </div>
  );
}
