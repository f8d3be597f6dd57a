// The canvases of one tile, for whoever paints them elsewhere. A canvas is painted by one only, so
// each watch gets a fresh one; the former stays in sight until there is a picture on it.
import type { CanvasPlace, Painted } from '../backend';

interface Held {
  canvas: HTMLCanvasElement;
  gone: () => void;
}

export class Canvases {
  /** What was painted last; null before the first picture. */
  painted: Painted | null = null;

  #held: Held[] = [];
  /** Pictures of canvases that are gone. */
  #before = { count: 0, dropped: 0 };

  /**
   * @param onPainted called whenever a canvas has news of its picture
   */
  constructor(
    readonly holder: HTMLElement,
    readonly testId: string,
    readonly onPainted: () => void,
  ) {}

  next(): CanvasPlace {
    const canvas = document.createElement('canvas');
    canvas.className = 'absolute inset-0 size-full object-cover';
    canvas.style.visibility = 'hidden';
    const held: Held = { canvas, gone: () => {} };
    // One that never got a picture has nothing to show.
    for (const other of this.#held.filter((each) => each.canvas.style.visibility === 'hidden')) {
      this.#remove(other);
    }
    this.#held.push(held);
    this.holder.append(canvas);
    return {
      canvas,
      painted: (what) => this.#show(held, what),
      onGone: (call) => {
        held.gone = call;
      },
    };
  }

  end(): void {
    for (const held of [...this.#held]) this.#remove(held);
  }

  #show(held: Held, what: Painted): void {
    if (!this.#held.includes(held)) return;
    if (held.canvas.style.visibility === 'hidden') {
      held.canvas.style.visibility = 'visible';
      held.canvas.setAttribute('data-testid', this.testId);
      for (const other of this.#held.filter((each) => each !== held)) this.#remove(other);
      this.#before = { count: this.painted?.count ?? 0, dropped: this.painted?.dropped ?? 0 };
    }
    const { count, dropped } = this.#before;
    this.painted = { ...what, count: count + what.count, dropped: dropped + what.dropped };
    this.onPainted();
  }

  #remove(held: Held): void {
    this.#held = this.#held.filter((each) => each !== held);
    held.canvas.remove();
    held.gone();
  }
}
