// The sign-in page, or the window: rail, banners, the routed page, status line, and the dialogs over them.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { Toaster } from 'sonner';
import type { Stream } from '../backend';
import { AddDialog } from '../cameras/AddDialog';
import type { Draft } from '../cameras/draft';
import { RemoveDialog } from '../cameras/RemoveDialog';
import { useCameras, usePushedCameras } from '../cameras/useCameras';
import { Announcer } from './Announcer';
import { Banners } from './Banners';
import { CamerasPage } from './CamerasPage';
import { useServices } from './context';
import { Rail } from './Rail';
import { RoutedPage } from './RoutedPage';
import { currentRoute, follow, navigate, type Route, useRoute } from './routes';
import { StatusLine } from './StatusLine';
import { type Shell, ShellContext } from './shell';
import { useTheme } from './theme';
import { usePause } from './useLoad';
import { useWall } from './useWall';

/** FFmpeg may be installed and ports freed while we run. */
const INFO_REFRESH_MS = 15_000;
const USUAL_API = 'http://127.0.0.1:8080';

const SignInPage = lazy(() => import('../sign-in/SignInPage'));

export function App() {
  const { backend } = useServices();
  const route = useRoute();
  useEffect(() => backend.desktop?.onNavigate(follow), [backend]);
  useEffect(
    () =>
      backend.onSignInNeeded(() => {
        const { page } = currentRoute();
        if (page === 'sign-in') return;
        navigate({ page: 'sign-in', back: window.location.hash || '#/' }, { replace: true });
      }),
    [backend],
  );
  // Whoever is not signed in is shown nothing of the window, which asks for more than it may.
  if (route.page === 'sign-in') {
    return (
      <Suspense>
        <SignInPage route={route} />
      </Suspense>
    );
  }
  return <Window route={route} />;
}

function Window({ route }: { route: Exclude<Route, { page: 'sign-in' }> }) {
  const { backend } = useServices();
  const client = useQueryClient();
  usePushedCameras();
  const { cameras, unreachable } = useCameras();
  const { data: info } = useQuery({
    queryKey: ['info'],
    queryFn: () => backend.info(),
    refetchInterval: INFO_REFRESH_MS,
  });
  const pause = usePause();
  const { choice, theme, next, choose } = useTheme();
  const { wall, toggle: toggleWall, leave: leaveWall } = useWall();
  const [adding, setAdding] = useState<Partial<Draft> | null>(null);
  const [removing, setRemoving] = useState<{ camera: Stream; then?: () => void } | null>(null);
  const [wantedSolo, setWantedSolo] = useState<string | null>(null);

  const all = cameras ?? [];
  // A camera that was removed meanwhile cannot be alone on screen.
  const soloId = all.some((c) => c.stream_id === wantedSolo) ? wantedSolo : null;
  const onCameras = route.page === 'cameras';
  const bare = wall && onCameras && all.length > 0;

  const shell = useMemo<Shell>(
    () => ({
      theme,
      themeChoice: choice,
      chooseTheme: choose,
      info,
      apiUrl: info?.apiUrl ?? USUAL_API,
      openAdd: (start = {}) => setAdding(start),
      askToRemove: (camera, then) => setRemoving({ camera, ...(then && { then }) }),
    }),
    [theme, choice, choose, info],
  );

  return (
    <ShellContext value={shell}>
      <div className="flex h-full">
        {!bare && (
          <Rail
            page={soloId !== null && onCameras ? null : route.page}
            onCameras={() => setWantedSolo(null)}
            onAdd={() => shell.openAdd()}
            onWall={() => {
              navigate({ page: 'cameras' });
              toggleWall();
            }}
            theme={choice}
            onTheme={next}
          />
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          {!bare && (
            <Banners
              info={info}
              unreachable={unreachable}
              pause={pause}
              onCheckAgain={() => void client.invalidateQueries()}
            />
          )}
          <main className="flex min-h-0 flex-1 flex-col">
            {route.page === 'cameras' ? (
              <CamerasPage
                cameras={cameras}
                unreachable={unreachable}
                soloId={soloId}
                onSolo={setWantedSolo}
                wall={{ shown: bare, toggle: toggleWall, leave: leaveWall }}
              />
            ) : (
              <RoutedPage route={route} />
            )}
          </main>
          {!bare && <StatusLine cameras={all} info={info} pause={pause} />}
        </div>
        <AddDialog start={adding} onClose={() => setAdding(null)} />
        <RemoveDialog
          camera={removing?.camera ?? null}
          onRemoved={removing?.then}
          onClose={() => setRemoving(null)}
        />
        <Announcer cameras={all} />
        {/* In the middle: the buttons of a dialog stand left and right. */}
        <Toaster theme={theme} position="bottom-center" offset={{ bottom: 44 }} />
      </div>
    </ShellContext>
  );
}
