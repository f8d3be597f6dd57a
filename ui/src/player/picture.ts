// The newest picture of one tile: a canvas or a video that the backend paints. No React in here.

import type { Painted, SurfacePlace } from '../backend';
import { Surfaces } from './surfaces';

export interface Shown {
  /** When the camera's picture was captured, milliseconds since 1970. */
  capturedAt: number;
  /** When it appeared here, milliseconds since 1970. */
  shownAt: number;
}

export class Picture {
  /** The picture on screen now, null before the first. */
  shown: Shown | null = null;

  #surfaces: Surfaces;

  /**
   * @param holder element that the picture is put into
   * @param testId of whatever is in front
   * @param onFirst called when the first picture is on screen
   */
  constructor(
    holder: HTMLElement,
    testId: string,
    readonly onFirst: () => void,
  ) {
    this.#surfaces = new Surfaces(holder, testId, (what) => this.#tell(what));
  }

  surface(kind: 'canvas' | 'video'): SurfacePlace {
    return this.#surfaces.next(kind);
  }

  /** What was shown until now; null before the first picture. */
  facts(): Painted | null {
    return this.#surfaces.painted;
  }

  /** Takes the picture away and lets go of who paints it. */
  end(): void {
    this.#surfaces.end();
  }

  #tell({ capturedAt, shownAt }: Painted): void {
    const first = this.shown === null;
    this.shown = { capturedAt, shownAt };
    if (first) this.onFirst();
  }
}
