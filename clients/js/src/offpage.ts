// Watches a stream in a worker, so that a page that is busy neither slows the picture down nor is
// slowed by it. Where the page may not have a worker, or canvases cannot be given to one, the same
// is done in the page.
import {
  type ClientStats,
  emptyStats,
  type SessionEvents,
  type Size,
  type Watcher,
} from './events';
import type { FromWorker, ToWorker } from './messages';
import { CANVAS_TAKEN, Session, type SessionOptions } from './session';
import SessionWorker from './worker?worker&inline';

/** A worker from a blob is there in milliseconds, or it is forbidden. */
const START_PATIENCE_MS = 3000;

/** Whether this runtime could do it; a content security policy may still forbid it. */
export function canLeavePage(options: SessionOptions): boolean {
  return (
    options.WebSocket === undefined &&
    typeof Worker === 'function' &&
    typeof OffscreenCanvas === 'function' &&
    typeof HTMLCanvasElement === 'function' &&
    'transferControlToOffscreen' in HTMLCanvasElement.prototype
  );
}

export class OffPage implements Watcher {
  /** Whether a worker does the work; null while that is not known. */
  inWorker: boolean | null = null;

  #worker: Worker | null = null;
  #here: Session | null = null;
  #patience: ReturnType<typeof setTimeout> | undefined;
  /** What was asked for before it was known who does it. */
  #orders: ((watcher: Watcher) => void)[] = [];
  #stats = emptyStats();
  #closings = new Map<number, () => void>();
  #numbers = 0;
  #connects = 0;

  constructor(
    readonly options: SessionOptions,
    readonly events: SessionEvents,
  ) {
    this.#patience = setTimeout(() => this.#stayHere(), START_PATIENCE_MS);
    try {
      const worker = new SessionWorker();
      this.#worker = worker;
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
      // A policy that forbids the worker is told like this in some browsers, thrown in others.
      worker.onerror = (event) => {
        event.preventDefault();
        if (this.inWorker === null) this.#stayHere();
        else this.events.onError(event.message || 'The worker failed');
      };
    } catch {
      this.#stayHere();
    }
  }

  connect(streamId: string, size: Size | null): void {
    this.#order((watcher) => watcher.connect(streamId, size));
  }

  disconnect(): Promise<void> {
    return new Promise((closed) => {
      this.#order((watcher) => void watcher.disconnect().then(closed));
    });
  }

  setCanvas(canvas: HTMLCanvasElement | null): void {
    this.#order((watcher) => watcher.setCanvas(canvas));
  }

  setFeed(pictures: WritableStream<VideoFrame> | null): void {
    this.#order((watcher) => watcher.setFeed(pictures));
  }

  wantFrames(wanted: boolean): void {
    this.#order((watcher) => watcher.wantFrames(wanted));
  }

  stats(): ClientStats {
    return this.#here?.stats() ?? { ...this.#stats };
  }

  resetStats(): void {
    const { format, fallback } = this.#stats;
    this.#stats = { ...emptyStats(), format, fallback };
    this.#order((watcher) => watcher.resetStats());
  }

  destroy(): void {
    clearTimeout(this.#patience);
    this.#orders = [];
    this.#here?.destroy();
    this.#worker?.terminate();
    this.#worker = null;
    for (const closed of this.#closings.values()) closed();
  }

  #order(order: (watcher: Watcher) => void): void {
    if (this.#here) order(this.#here);
    else if (this.inWorker) order(this.#remote);
    else this.#orders.push(order);
  }

  #settle(): void {
    clearTimeout(this.#patience);
    for (const order of this.#orders.splice(0)) this.#order(order);
  }

  #stayHere(): void {
    if (this.inWorker !== null) return;
    this.inWorker = false;
    this.#worker?.terminate();
    this.#worker = null;
    this.#here = new Session(this.options, this.events);
    this.#settle();
  }

  #hear(news: FromWorker): void {
    switch (news.is) {
      case 'ready': {
        if (this.inWorker !== null) return;
        this.inWorker = true;
        this.#say({ do: 'begin', options: this.options });
        this.#settle();
        break;
      }
      case 'state':
        this.#stats = news.stats;
        // What an earlier connection came to is no news once the next was asked for.
        if (news.number === this.#connects) this.events.onState(news.state, news.attempts);
        break;
      case 'frame':
        this.#stats = news.stats;
        this.events.onFrame(news.frame, news.stats);
        break;
      case 'stats':
        this.#stats = news.stats;
        break;
      case 'error':
        this.events.onError(news.message);
        break;
      case 'closed':
        this.#closings.get(news.number)?.();
        this.#closings.delete(news.number);
        break;
    }
  }

  #say(order: ToWorker, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(order, transfer);
  }

  /** The worker's session as the page's own would be. */
  #remote: Watcher = {
    connect: (streamId, size) => {
      this.#connects += 1;
      this.#say({ do: 'connect', streamId, size, number: this.#connects });
    },
    disconnect: () =>
      new Promise((closed) => {
        const number = ++this.#numbers;
        this.#closings.set(number, closed);
        this.#say({ do: 'disconnect', number });
      }),
    setCanvas: (canvas) => this.#giveCanvas(canvas),
    setFeed: (pictures) => this.#say({ do: 'feed', pictures }, pictures ? [pictures] : []),
    wantFrames: (wanted) => this.#say({ do: 'frames', wanted }),
    stats: () => this.#stats,
    resetStats: () => this.#say({ do: 'reset' }),
    destroy: () => this.destroy(),
  };

  #giveCanvas(canvas: HTMLCanvasElement | null): void {
    if (canvas === null) {
      this.#say({ do: 'canvas', canvas: null });
      return;
    }
    try {
      const offscreen = canvas.transferControlToOffscreen();
      this.#say({ do: 'canvas', canvas: offscreen }, [offscreen]);
    } catch {
      this.events.onError(CANVAS_TAKEN);
    }
  }
}
