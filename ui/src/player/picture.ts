// Shows the newest JPEG of one tile. Two images take turns: the hidden one decodes, then they
// swap, so that nothing flickers and at most one picture is being decoded. No React in here.

export interface Shown {
  /** When the camera's picture was captured, milliseconds since 1970. */
  capturedAt: number;
  /** When it appeared here, milliseconds since 1970. */
  shownAt: number;
}

interface Waiting {
  jpeg: Uint8Array<ArrayBuffer>;
  capturedAt: number;
}

export class Picture {
  /** The picture on screen now, null before the first. */
  shown: Shown | null = null;

  #front: HTMLImageElement;
  #back: HTMLImageElement;
  #newest: Waiting | null = null;
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
  }

  /** Replaces whatever still waits to be decoded. */
  show(jpeg: Uint8Array<ArrayBuffer>, capturedAt: number): void {
    if (this.#ended) return;
    this.#newest = { jpeg, capturedAt };
    if (!this.#busy) void this.#drain();
  }

  /** Takes the images away and releases what they held. */
  end(): void {
    this.#ended = true;
    this.#newest = null;
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
      const first = this.shown === null;
      this.shown = { capturedAt, shownAt: Date.now() };
      if (first) this.onFirst();
    }
    this.#busy = false;
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
