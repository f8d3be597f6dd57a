// Draws pictures on a canvas, of the page or of a worker: the newest only. Where a `<video>` shows
// them, feed.ts takes this one's place.
import type { Drawn, Size } from './events';
import { bgrToRgba } from './pixels';

export type Picture =
  | { kind: 'bgr24'; bytes: Uint8Array<ArrayBuffer>; width: number; height: number }
  | { kind: 'jpeg'; bytes: Uint8Array<ArrayBuffer>; captureTime: number | null }
  | { kind: 'video'; frame: VideoFrame };

/** Whoever brings pictures before a person's eyes. */
export interface Shows {
  /** Pictures shown so far. */
  readonly drawn: number;
  /** The newest of them. */
  readonly last: Drawn | null;
  /** Its size where the page may have set it, for pictures that do not tell theirs. */
  readonly canvas: Size | null;
  /**
   * Shows this picture next, in place of whatever still waits. Settles when it is being shown, or
   * never will be: that is when the next one is wanted.
   */
  show(picture: Picture): Promise<void>;
  /** Shows nothing that still waits. */
  clear(): void;
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** How long a screen refresh is waited for; in a tab that was just hidden none comes. */
const REFRESH_PATIENCE_MS = 100;

export class Painter implements Shows {
  /** Pictures drawn so far. */
  drawn = 0;
  /** The newest of them. */
  last: Drawn | null = null;

  #context: Context | null;
  #image: ImageData | null = null;
  #newest: { picture: Picture; taken: () => void } | null = null;
  #busy = false;

  constructor(readonly canvas: HTMLCanvasElement | OffscreenCanvas) {
    this.#context = canvas.getContext('2d', { alpha: false }) as Context | null;
  }

  show(picture: Picture): Promise<void> {
    this.#dropWaiting();
    const taken = new Promise<void>((settle) => {
      this.#newest = { picture, taken: settle };
    });
    if (!this.#busy) void this.#drain();
    return taken;
  }

  clear(): void {
    this.#dropWaiting();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#newest) {
      await refresh();
      const next = this.#newest as { picture: Picture; taken: () => void } | null;
      if (!next) break;
      this.#newest = null;
      next.taken();
      try {
        await this.#paint(next.picture);
        this.drawn += 1;
        const { width, height } = this.canvas;
        const captureTime = capturedAt(next.picture);
        this.last = { width, height, captureTime, drawnAt: Date.now() };
      } catch {
        // An undecodable picture is skipped; the next one is drawn as usual.
      } finally {
        release(next.picture);
      }
    }
    this.#busy = false;
  }

  async #paint(picture: Picture): Promise<void> {
    if (!this.#context) return;
    if (picture.kind === 'video') {
      const { displayWidth, displayHeight } = picture.frame;
      this.#resize(displayWidth, displayHeight);
      this.#context.drawImage(picture.frame, 0, 0, displayWidth, displayHeight);
    } else if (picture.kind === 'jpeg') {
      const bitmap = await createImageBitmap(new Blob([picture.bytes], { type: 'image/jpeg' }));
      this.#resize(bitmap.width, bitmap.height);
      this.#context.drawImage(bitmap, 0, 0);
      bitmap.close();
    } else {
      const { bytes, width, height } = picture;
      this.#resize(width, height);
      if (this.#image?.width !== width || this.#image.height !== height) {
        this.#image = this.#context.createImageData(width, height);
      }
      bgrToRgba(bytes, this.#image.data);
      this.#context.putImageData(this.#image, 0, 0);
    }
  }

  #resize(width: number, height: number): void {
    // Assigning a canvas size clears it, so only when it really changed.
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  #dropWaiting(): void {
    if (!this.#newest) return;
    release(this.#newest.picture);
    this.#newest.taken();
    this.#newest = null;
  }
}

/** Milliseconds since 1970, null where it is not known. */
export function capturedAt(picture: Picture): number | null {
  if (picture.kind === 'video') return picture.frame.timestamp / 1000;
  return picture.kind === 'jpeg' ? picture.captureTime : null;
}

/** Gives back what the picture holds beside memory. */
export function release(picture: Picture): void {
  if (picture.kind === 'video') picture.frame.close();
}

/**
 * Settles before the next screen refresh. A worker and a hidden page draw at once: the one is
 * refreshed by itself, the other not at all, and whoever reads its canvas wants it new.
 */
function refresh(): Promise<void> {
  if (typeof document === 'undefined' || document.hidden) return Promise.resolve();
  if (typeof requestAnimationFrame !== 'function') return Promise.resolve();
  return new Promise((settle) => {
    const timer = setTimeout(settle, REFRESH_PATIENCE_MS);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      settle();
    });
  });
}
