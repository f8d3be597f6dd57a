// A browser: fetch for everything said, one WebSocket per watched tile for its pictures.
import { RTSPStreamClient } from 'fanlight-client';
import {
  type AppInfo,
  type Backend,
  BackendError,
  type Limits,
  readAnswer,
  SESSION_PATH,
  streamPath,
  type TileFrame,
  UNREACHABLE,
  type WatchedTile,
} from './backend';
import type { ApiInfo, NewStream, StreamList } from './wire';

/** Longer than any answer takes; then the server counts as gone. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Of a file that is saved; larger ones are asked for once more, by the browser itself. */
const MOST_IN_MEMORY_BYTES = 64 * 1024 * 1024;

interface Watching {
  tile: WatchedTile;
  client: RTSPStreamClient;
}

export class HttpBackend implements Backend {
  readonly pushStreams = null;
  readonly capabilities = { desktop: false };
  readonly desktop = null;
  #watching = new Map<number, Watching>();
  #take: ((frame: TileFrame) => void) | null = null;

  #refused: (() => void) | null = null;

  /** @param origin of the server, `http://host:port` */
  constructor(readonly origin: string) {}

  async info(): Promise<AppInfo> {
    const info = await this.request<ApiInfo>('GET', '/api/info');
    return {
      version: info.version,
      apiUrl: info.api,
      apiError: null,
      ffmpeg: info.ffmpeg,
      ffmpegError: info.ffmpeg_error,
      camerasNotice: info.notice,
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

  watch(tiles: WatchedTile[]): void {
    const wanted = new Map(tiles.map((tile) => [tile.key, tile]));
    for (const [key, { tile, client }] of this.#watching) {
      if (same(tile, wanted.get(key))) continue;
      client.disconnect();
      this.#watching.delete(key);
    }
    for (const tile of tiles) {
      if (!this.#watching.has(tile.key)) this.#watching.set(tile.key, this.#open(tile));
    }
  }

  onFrame(take: (frame: TileFrame) => void): () => void {
    this.#take = take;
    return () => {
      this.#take = null;
    };
  }

  #open(tile: WatchedTile): Watching {
    const { width, height } = tile;
    const client = new RTSPStreamClient(this.origin, tile.streamId, {
      format: 'jpeg',
      width,
      height,
    });
    client.onFrame((jpeg, _width, _height, { sequence, captureTime }) =>
      this.#take?.({
        key: tile.key,
        sequence: sequence ?? 0,
        capturedAt: captureTime ?? Date.now(),
        jpeg,
      }),
    );
    client.connect();
    return { tile, client };
  }

  onSignInNeeded(told: () => void): () => void {
    this.#refused = told;
    return () => {
      this.#refused = null;
    };
  }

  mediaUrl(path: string): string {
    return this.origin + path;
  }

  async saveAs(path: string, name: string): Promise<string> {
    let response: Response;
    try {
      response = await fetch(this.origin + path);
    } catch (cause) {
      throw new BackendError(String(cause), UNREACHABLE, 0);
    }
    if (response.status === 401) this.#refused?.();
    if (!response.ok) readAnswer(response.status, await response.text());
    const length = Number(response.headers.get('Content-Length') ?? Number.NaN);
    if (length <= MOST_IN_MEMORY_BYTES) {
      const url = URL.createObjectURL(await response.blob());
      download(url, name);
      // The browser has begun to read it by then.
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } else {
      // The browser writes it to the disk as it comes.
      void response.body?.cancel();
      download(this.origin + path, name);
    }
    return name;
  }

  async request<T>(method: string, path: string, body?: unknown, limits?: Limits): Promise<T> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(this.origin + path, {
        method,
        signal: AbortSignal.any([
          AbortSignal.timeout(limits?.timeoutMs ?? REQUEST_TIMEOUT_MS),
          ...(limits?.signal ? [limits.signal] : []),
        ]),
        ...(body !== undefined && {
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      throw new BackendError(String(cause), UNREACHABLE, 0);
    }
    // A wrong token is the sign-in page's own matter.
    if (status === 401 && path !== SESSION_PATH) this.#refused?.();
    return readAnswer<T>(status, text);
  }
}

function download(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}

function same(a: WatchedTile, b: WatchedTile | undefined): boolean {
  return (
    b !== undefined && a.streamId === b.streamId && a.width === b.width && a.height === b.height
  );
}
