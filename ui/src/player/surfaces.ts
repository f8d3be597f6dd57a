// What one tile is painted on by others: a video where the browser can feed one, which costs half as
// much, else a canvas. Each is painted by one only, so
// each watch gets a fresh one; the former stays in sight until there is a picture on it.
import type { Painted, Surface, SurfacePlace } from '../backend';

interface Held {
  surface: Surface;
  gone: () => void;
}

export class Surfaces {
  /** What was painted last; null before the first picture. */
  painted: Painted | null = null;

  #held: Held[] = [];
  /** Pictures of surfaces that are gone. */
  #before = { count: 0, dropped: 0 };

  /**
   * @param onPainted called whenever a surface has news of its picture
   */
  constructor(
    readonly holder: HTMLElement,
    readonly testId: string,
    readonly onPainted: (what: Painted) => void,
  ) {}

  next(kind: 'canvas' | 'video'): SurfacePlace {
    const surface = document.createElement(kind);
    surface.className = 'absolute inset-0 size-full object-cover';
    surface.style.visibility = 'hidden';
    // The tile's own words tell of the camera.
    surface.setAttribute('aria-hidden', 'true');
    if (surface instanceof HTMLVideoElement) surface.disablePictureInPicture = true;
    const held: Held = { surface, gone: () => {} };
    // One that never got a picture has nothing to show.
    for (const other of this.#held.filter((each) => each.surface.style.visibility === 'hidden')) {
      this.#remove(other);
    }
    this.#held.push(held);
    this.holder.append(surface);
    return {
      surface,
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
    if (held.surface.style.visibility === 'hidden') {
      held.surface.style.visibility = 'visible';
      held.surface.setAttribute('data-testid', this.testId);
      for (const other of this.#held.filter((each) => each !== held)) this.#remove(other);
      this.#before = { count: this.painted?.count ?? 0, dropped: this.painted?.dropped ?? 0 };
    }
    const { count, dropped } = this.#before;
    this.painted = { ...what, count: count + what.count, dropped: dropped + what.dropped };
    this.onPainted(this.painted);
  }

  #remove(held: Held): void {
    this.#held = this.#held.filter((each) => each !== held);
    held.surface.remove();
    held.gone();
  }
}
