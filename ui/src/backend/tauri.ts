// The desktop: commands and events of the Tauri shell around this page.
import { convertFileSrc, invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import {
  type AppInfo,
  type Backend,
  BackendError,
  type Desktop,
  type GiveSurface,
  readAnswer,
  streamPath,
  UNREACHABLE,
  type WatchedTile,
} from './backend';
import { Sheets } from './sheets';
import type { DesktopInfo, DesktopSettings, NewStream, StreamList } from './wire';

/** Whether this page runs inside the desktop shell. */
export function insideDesktop(): boolean {
  return '__TAURI_INTERNALS__' in window;
}

/** The scheme under which the shell serves the API's pictures and videos to this page. */
const MEDIA_SCHEME = 'fanlight';

export class TauriBackend implements Backend {
  // Not every web view plays video from a scheme of one's own: WebKitGTK's player knows none.
  readonly capabilities = { desktop: true, videoUrls: false };
  readonly desktop: Desktop = {
    settings: () => command<DesktopSettings>('desktop_settings'),
    change: (patch) => command<DesktopSettings>('change_settings', { patch }),
    reveal: (path) => command<void>('reveal_file', { path }),
    onNavigate: (go) => subscribe<string>('navigate', go),
  };
  #sheets = new Sheets(() => invoke<ArrayBuffer>('next_frames'));

  async info(): Promise<AppInfo> {
    const info = await invoke<DesktopInfo>('app_info');
    return {
      version: info.version,
      apiUrl: info.api_url,
      apiError: info.api_error,
      ffmpeg: info.ffmpeg,
      ffmpegError: info.ffmpeg_error,
      camerasNotice: info.cameras_notice,
    };
  }

  listStreams(): Promise<StreamList> {
    return this.request<StreamList>('GET', '/api/streams');
  }

  async addStream(stream: NewStream): Promise<void> {
    await this.request('POST', '/api/streams', stream);
  }

  async removeStream(streamId: string): Promise<void> {
    await this.request('DELETE', `${streamPath(streamId)}/force`);
  }

  readonly pushStreams = (news: (list: StreamList) => void): (() => void) =>
    subscribe<StreamList>('streams', news);

  watch(tiles: WatchedTile[]): void {
    const declared = tiles.map(({ streamId, ...tile }) => ({ ...tile, stream_id: streamId }));
    invoke('watch_frames', { tiles: declared }).then(
      // Frames that were ready before the shell knew of the tiles are announced only once.
      () => void this.#sheets.fetch(),
      (cause) => console.error('watch_frames failed', cause),
    );
  }

  onSurface(give: GiveSurface): () => void {
    const endPainting = this.#sheets.onSurface(give);
    const endNews = subscribe('frames', () => void this.#sheets.fetch());
    return () => {
      endNews();
      endPainting();
    };
  }

  /** The window is let in without a token. */
  onSignInNeeded(): () => void {
    return () => {};
  }

  mediaUrl(path: string): string {
    // How a scheme of one's own is written differs between systems; Tauri knows.
    return convertFileSrc('', MEDIA_SCHEME) + path.replace(/^\//, '');
  }

  saveAs(path: string, name: string): Promise<string | null> {
    return command<string | null>('save_file', { pathOfApi: path, suggestedName: name });
  }

  async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await invoke<{ status: number; body: string }>('request', {
      method,
      path,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new BackendError(String(cause), UNREACHABLE, 0);
    });
    return readAnswer<T>(answer.status, answer.body);
  }
}

/** A command of the shell; what it refuses with is a BackendError like the API's. */
async function command<T>(name: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(name, args);
  } catch (cause) {
    const refusal = (typeof cause === 'object' && cause !== null ? cause : {}) as {
      code?: string;
      message?: string;
      field?: string | null;
    };
    const { code = 'unknown', message = String(cause), field = null } = refusal;
    throw new BackendError(message, code, 0, field);
  }
}

/** `listen` answers later; leaving before that must still end it. */
function subscribe<T>(event: string, take: (payload: T) => void): () => void {
  let left = false;
  const listening = listen<T>(event, ({ payload }) => {
    if (!left) take(payload);
  });
  return () => {
    left = true;
    listening.then((end) => end()).catch(() => {});
  };
}
