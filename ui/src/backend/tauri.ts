// The desktop: commands and events of the Tauri shell around this page.
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import {
  type AppInfo,
  type Backend,
  BackendError,
  readAnswer,
  streamPath,
  type TileFrame,
  UNREACHABLE,
  type WatchedTile,
} from './backend';
import { readFrames } from './packets';
import type { DesktopInfo, NewStream, StreamList } from './wire';

/** Whether this page runs inside the desktop shell. */
export function insideDesktop(): boolean {
  return '__TAURI_INTERNALS__' in window;
}

export class TauriBackend implements Backend {
  #take: ((frame: TileFrame) => void) | null = null;
  #fetching = false;
  #newsWhileFetching = false;

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
      () => this.#fetch(),
      (cause) => console.error('watch_frames failed', cause),
    );
  }

  onFrame(take: (frame: TileFrame) => void): () => void {
    this.#take = take;
    const end = subscribe('frames', () => this.#fetch());
    return () => {
      end();
      this.#take = null;
    };
  }

  /** One call in flight; news meanwhile leads to exactly one more. */
  async #fetch(): Promise<void> {
    if (this.#fetching) {
      this.#newsWhileFetching = true;
      return;
    }
    this.#fetching = true;
    try {
      do {
        this.#newsWhileFetching = false;
        const answer = await invoke<ArrayBuffer>('next_frames');
        for (const frame of readFrames(answer)) this.#take?.(frame);
      } while (this.#newsWhileFetching && this.#take);
    } catch (cause) {
      console.error('next_frames failed', cause);
    } finally {
      this.#fetching = false;
    }
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
