// Shows the newest picture of one tile: JPEGs here, or surfaces that are painted elsewhere. Two
// images take turns: the hidden one decodes, then they swap, so that nothing flickers and at most
// one picture is being decoded. No React in here.

import type { Painted, SurfacePlace } from '../backend';
import { Surfaces } from './surfaces';

export interface Shown {
  /** When the camera's picture was captured, milliseconds since 1970. */
  capturedAt: number;
  /** When it appeared here, milliseconds since 1970. */
  shownAt: number;
}

interface Waiting {
  jpeg: Uint8Array<ArrayBuffer>;
  capturedAt: number;
  sequence: number;
}

export class Picture {
  /** The picture on screen now, null before the first. */
  shown: Shown | null = null;

  #front: HTMLImageElement;
  #back: HTMLImageElement;
  #surfaces: Surfaces;
  #newest: Waiting | null = null;
  #count = 0;
  #dropped = 0;
  #lastSequence: number | null = null;
  #busy = false;
  #ended = false;

  /**
   * @param holder element that the two images are put into
   * @param testId of whichever image is in front
   * @param onFirst called when the first picture is on screen
   */
  constructor(
    readonly holder: HTMLElement,
    readonly testId: string,
    readonly onFirst: () => void,
  ) {
    this.#front = makeImage();
    this.#back = makeImage();
    holder.append(this.#back, this.#front);
    this.#surfaces = new Surfaces(holder, testId, () => this.#painted());
  }

  surface(kind: 'canvas' | 'video'): SurfacePlace {
    return this.#surfaces.next(kind);
  }

  /** What was shown until now; null before the first picture. */
  facts(): Painted | null {
    if (this.#surfaces.painted) return this.#surfaces.painted;
    if (!this.shown) return null;
    const { naturalWidth: width, naturalHeight: height } = this.#front;
    const counts = { count: this.#count, dropped: this.#dropped };
    return { format: 'jpeg', ...counts, width, height, ...this.shown };
  }

  /** Replaces whatever still waits to be decoded. */
  show(jpeg: Uint8Array<ArrayBuffer>, capturedAt: number, sequence = 0): void {
    if (this.#ended) return;
    if (this.#newest) this.#dropped += 1;
    // Counted anew when another rendition is read.
    const missed = this.#lastSequence === null ? 0 : sequence - this.#lastSequence - 1;
    this.#dropped += Math.max(0, missed);
    this.#lastSequence = sequence;
    this.#newest = { jpeg, capturedAt, sequence };
    if (!this.#busy) void this.#drain();
  }

  /** Takes the images away and releases what they held. */
  end(): void {
    this.#ended = true;
    this.#newest = null;
    this.#surfaces.end();
    for (const image of [this.#front, this.#back]) {
      release(image);
      image.remove();
    }
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#newest && !this.#ended) {
      const { jpeg, capturedAt } = this.#newest;
      this.#newest = null;
      this.#back.src = URL.createObjectURL(new Blob([jpeg], { type: 'image/jpeg' }));
      try {
        await this.#back.decode();
      } catch {
        // A broken picture is skipped: the last good one stays, its age tells the truth.
        release(this.#back);
        continue;
      }
      if (this.#ended) break;
      this.#swap();
      this.#count += 1;
      this.#tell({ capturedAt, shownAt: Date.now() });
    }
    this.#busy = false;
  }

  #painted(): void {
    if (this.#surfaces.painted) this.#tell(this.#surfaces.painted);
  }

  #tell({ capturedAt, shownAt }: Shown): void {
    const first = this.shown === null;
    this.shown = { capturedAt, shownAt };
    if (first) this.onFirst();
  }

  #swap(): void {
    [this.#front, this.#back] = [this.#back, this.#front];
    this.#front.style.visibility = 'visible';
    this.#front.setAttribute('data-testid', this.testId);
    this.#back.style.visibility = 'hidden';
    this.#back.removeAttribute('data-testid');
    release(this.#back);
  }
}

function makeImage(): HTMLImageElement {
  const image = document.createElement('img');
  image.className = 'absolute inset-0 size-full object-cover';
  image.style.visibility = 'hidden';
  image.alt = '';
  image.draggable = false;
  return image;
}

function release(image: HTMLImageElement): void {
  if (image.src.startsWith('blob:')) URL.revokeObjectURL(image.src);
}
