// Knows every tile on the page and tells the backend which of them are really seen, at which
// size. The backend paints straight on what the tile gives it, past React.
import type { Backend, Stream, SurfacePlace, WatchedTile } from '../backend';
import type { Size } from './size';

export interface TileSink {
  /** Something fresh to paint on, in the tile's place. */
  surface(kind: 'canvas' | 'video'): SurfacePlace;
}

export interface TileHandle {
  /** Size to ask for, in device pixels; null while it is not known. */
  setSize(size: Size | null): void;
  /** Whether the tile is on screen. */
  setVisible(visible: boolean): void;
  end(): void;
}

interface Entry {
  streamId: string;
  sink: TileSink;
  size: Size | null;
  visible: boolean;
}

/** A resize is over when it has paused this long. */
const SIZE_SETTLES_MS = 200;
/** Tiles come and go in bursts; one declaration covers a burst. */
const BURST_MS = 20;

export class FrameHub {
  #tiles = new Map<number, Entry>();
  #nextKey = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #declared: WatchedTile[] = [];
  #endSurfaces: () => void;

  constructor(readonly backend: Backend) {
    this.#endSurfaces = backend.onSurface(
      (key, kind) => this.#tiles.get(key)?.sink.surface(kind) ?? null,
    );
    document.addEventListener('visibilitychange', this.#pageChanged);
  }

  add(streamId: string, sink: TileSink): TileHandle {
    const key = this.#nextKey++;
    const entry: Entry = { streamId, sink, size: null, visible: false };
    this.#tiles.set(key, entry);
    return {
      setSize: (size) => {
        const first = entry.size === null;
        if (size?.width === entry.size?.width && size?.height === entry.size?.height) return;
        entry.size = size;
        this.#schedule(first ? BURST_MS : SIZE_SETTLES_MS);
      },
      setVisible: (visible) => {
        if (visible === entry.visible) return;
        entry.visible = visible;
        this.#schedule(BURST_MS);
      },
      end: () => {
        this.#tiles.delete(key);
        this.#schedule(BURST_MS);
      },
    };
  }

  /** How many besides this window read a stream: its own tiles are consumers like any other. */
  othersReading({ stream_id, client_count }: Pick<Stream, 'stream_id' | 'client_count'>): number {
    const own = this.#declared.filter((tile) => tile.streamId === stream_id).length;
    return Math.max(0, client_count - own);
  }

  /** Unwatches everything and lets go of the backend. */
  end(): void {
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#pageChanged);
    this.#tiles.clear();
    this.#declare();
    this.#endSurfaces();
  }

  #pageChanged = (): void => this.#schedule(0);

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#declare(), delay);
  }

  #declare(): void {
    const tiles: WatchedTile[] = [];
    if (document.visibilityState !== 'hidden') {
      for (const [key, { streamId, size, visible }] of this.#tiles) {
        if (visible && size) tiles.push({ key, streamId, ...size });
      }
    }
    if (JSON.stringify(tiles) === JSON.stringify(this.#declared)) return;
    this.#declared = tiles;
    this.backend.watch(tiles);
  }
}
