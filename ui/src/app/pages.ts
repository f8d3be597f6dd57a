// Which component shows which route. Each is loaded when it is first opened, so that the cameras'
// page stays small. A page registers by a line here; without one, its route and its entry in the
// rail are not there.
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import type { PageName, RouteOf } from './routes';

/** The others are shown by the window itself, or name nothing. */
export type LoadedPage = Exclude<PageName, 'cameras' | 'sign-in' | 'unknown'>;

type Pages = {
  [P in LoadedPage]?: LazyExoticComponent<ComponentType<{ route: RouteOf<P> }>>;
};

export const PAGES: Pages = {
  camera: lazy(() => import('../camera/CameraPage')),
  events: lazy(() => import('../events/EventsPage')),
  health: lazy(() => import('../health/HealthPage')),
  recordings: lazy(() => import('../recordings/RecordingsPage')),
  scan: lazy(() => import('../scan/ScanPage')),
  scripts: lazy(() => import('../scripts/ScriptsPage')),
  settings: lazy(() => import('../settings/SettingsPage')),
};

export const isBuilt = (page: PageName): boolean => page === 'cameras' || page in PAGES;
