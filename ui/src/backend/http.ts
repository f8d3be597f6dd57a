// A browser: fetch for everything said, one client per watched tile that connects, decodes and
// paints in a worker.
import { canFeedVideo, RTSPStreamClient } from 'fanlight-client';
import {
  type AppInfo,
  type Backend,
  BackendError,
  type GiveSurface,
  type Limits,
  readAnswer,
  SESSION_PATH,
  type SurfacePlace,
  streamPath,
  UNREACHABLE,
  type WatchedTile,
} from './backend';
import { type Way, wayOf } from './way';
import type { ApiInfo, NewStream, Stream, StreamList } from './wire';

/** Longer than any answer takes; then the server counts as gone. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Of a file that is saved; larger ones are asked for once more, by the browser itself. */
const MOST_IN_MEMORY_BYTES = 64 * 1024 * 1024;
/** How often a tile is told what was painted; nobody sees the difference. */
const TELL_MS = 200;

interface Watching {
  tile: WatchedTile;
  way: Way;
  client: RTSPStreamClient;
  place: SurfacePlace;
}

export class HttpBackend implements Backend {
  readonly pushStreams = null;
  readonly capabilities = { desktop: false, videoUrls: true };
  readonly desktop = null;
  #watching = new Map<number, Watching>();
  #give: GiveSurface | null = null;
  #kind: 'canvas' | 'video' = canFeedVideo() ? 'video' : 'canvas';
  #telling: ReturnType<typeof setInterval> | undefined;
  #known = new Map<string, Stream>();

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

  async listStreams(): Promise<StreamList> {
    const list = await this.request<StreamList>('GET', '/api/streams');
    this.#known = new Map(list.streams.map((stream) => [stream.stream_id, stream]));
    return list;
  }

  async addStream(stream: NewStream): Promise<void> {
    await this.request('POST', '/api/streams', stream);
  }

  async removeStream(streamId: string): Promise<void> {
    await this.request('DELETE', `${streamPath(streamId)}/force`);
  }

  watch(tiles: WatchedTile[]): void {
    const wanted = new Map(tiles.map((tile) => [tile.key, tile]));
    for (const [key, watching] of this.#watching) {
      const { client } = watching;
      const next = wanted.get(key);
      if (next && this.#serves(watching, next)) {
        watching.tile = next;
        continue;
      }
      client.disconnect();
      this.#watching.delete(key);
    }
    for (const tile of tiles) {
      if (this.#watching.has(tile.key)) continue;
      const place = this.#give?.(tile.key, this.#kind);
      if (place) this.#watching.set(tile.key, this.#open(tile, place));
    }
    clearInterval(this.#telling);
    if (this.#watching.size > 0) this.#telling = setInterval(() => this.#tell(), TELL_MS);
  }

  onSurface(give: GiveSurface): () => void {
    this.#give = give;
    return () => {
      this.#give = null;
    };
  }

  #open(tile: WatchedTile, place: SurfacePlace): Watching {
    const { streamId, width, height } = tile;
    const way = wayOf(tile, this.#known.get(streamId));
    const options = { ...way, width, height, worker: true };
    const client = new RTSPStreamClient(this.origin, streamId, options);
    if (place.surface instanceof HTMLVideoElement) client.setupVideo(place.surface);
    else client.setupCanvas(place.surface);
    client.connect();
    // The last picture is the worker's and the track's.
    place.onGone(() => client.destroy());
    return { tile, way, client, place };
  }

  /** Whether what is being watched is right for this tile, too. */
  #serves({ tile, way, client }: Watching, next: WatchedTile): boolean {
    if (tile.streamId !== next.streamId) return false;
    if (tile.width === next.width && tile.height === next.height) return true;
    // What a camera sends has one size only.
    const encoded = client.getStats().format !== 'jpeg' && way.format === 'auto';
    const now = wayOf(next, this.#known.get(next.streamId));
    return encoded && now.format === 'auto' && now.stream === way.stream;
  }

  #tell(): void {
    for (const { client, place } of this.#watching.values()) {
      const stats = client.getStats();
      const { lastDrawn: drawn, format } = stats;
      if (!drawn) continue;
      place.painted({
        format: format === 'h264' || format === 'h265' ? format : 'jpeg',
        count: stats.framesDrawn,
        dropped: stats.framesMissed + stats.framesDropped,
        width: drawn.width,
        height: drawn.height,
        capturedAt: drawn.captureTime ?? drawn.drawnAt,
        shownAt: drawn.drawnAt,
      });
    }
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
