// Draws frames on a canvas: the newest only, at most one per screen refresh.
import { bgrToRgba } from './pixels';

interface Picture {
  bytes: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
  kind: 'bgr24' | 'jpeg';
}

/** Runs `paint` before the next screen refresh, or soon where there is no screen. */
function beforeNextRefresh(paint: () => void): void {
  if (typeof requestAnimationFrame === 'function') requestAnimationFrame(paint);
  else setTimeout(paint, 0);
}

export class CanvasPainter {
  #context: CanvasRenderingContext2D | null;
  #image: ImageData | null = null;
  #newest: Picture | null = null;
  #busy = false;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.#context = canvas.getContext('2d', { alpha: false });
  }

  /** Replaces whatever still waits to be drawn. */
  show(picture: Picture): void {
    this.#newest = picture;
    if (this.#busy) return;
    this.#busy = true;
    beforeNextRefresh(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    const picture = this.#newest;
    this.#newest = null;
    try {
      if (picture) await this.#paint(picture);
    } catch {
      // An undecodable picture is skipped; the next one is drawn as usual.
    }
    this.#busy = false;
    const next = this.#newest as Picture | null;
    if (next) this.show(next);
  }

  async #paint({ bytes, width, height, kind }: Picture): Promise<void> {
    if (!this.#context) return;
    if (kind === 'jpeg') {
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
      this.#resize(bitmap.width, bitmap.height);
      this.#context.drawImage(bitmap, 0, 0);
      bitmap.close();
      return;
    }
    this.#resize(width, height);
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#image = this.#context.createImageData(width, height);
    }
    bgrToRgba(bytes, this.#image.data);
    this.#context.putImageData(this.#image, 0, 0);
  }

  #resize(width: number, height: number): void {
    // Assigning a canvas size clears it, so only when it really changed.
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }
}
