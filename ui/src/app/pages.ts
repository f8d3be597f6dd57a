// Which component shows which route. Each is loaded when it is first opened, so that the cameras'
// page stays small. A page registers by a line here; without one, its route and its entry in the
// rail are not there.
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import type { PageName, RouteOf } from './routes';

/** Routes that are not in the table: the grid is always there, the last names nothing. */
export type LoadedPage = Exclude<PageName, 'cameras' | 'unknown'>;

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
};

export const isBuilt = (page: PageName): boolean => page === 'cameras' || page in PAGES;
