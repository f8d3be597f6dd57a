// What the rest of the page may know of this folder.
import type { Backend } from './backend';
import { HttpBackend } from './http';
import { insideDesktop, TauriBackend } from './tauri';

export {
  type AppInfo,
  type Backend,
  BackendError,
  type Capabilities,
  type Desktop,
  type GiveSurface,
  type Painted,
  SESSION_PATH,
  type Surface,
  type SurfacePlace,
  streamPath,
  UNREACHABLE,
  type WatchedTile,
} from './backend';
export type * from './wire';

/** The desktop shell when it is there, else the server this page came from. */
export function chooseBackend(): Backend {
  return insideDesktop() ? new TauriBackend() : new HttpBackend(window.location.origin);
}
