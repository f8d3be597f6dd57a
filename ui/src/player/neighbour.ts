// Which tile an arrow key leads to. Pure.
import type { Rect } from './packing';

export type Direction = 'up' | 'down' | 'left' | 'right';

/** How much a tile beside the way loses against one straight ahead. */
const ASIDE = 2;

/** Index of the tile next to `from` in that direction, or null at the edge. */
export function neighbour(rects: readonly Rect[], from: Rect, direction: Direction): number | null {
  const here = middle(from);
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  rects.forEach((rect, i) => {
    const there = middle(rect);
    const [dx, dy] = [there.x - here.x, there.y - here.y];
    const ahead = { up: -dy, down: dy, left: -dx, right: dx }[direction];
    const aside = Math.abs(direction === 'up' || direction === 'down' ? dx : dy);
    // A pixel is rounding.
    if (ahead <= 1) return;
    const distance = ahead + ASIDE * aside;
    if (distance < least) {
      least = distance;
      best = i;
    }
  });
  return best;
}

export function middle({ left, top, width, height }: Rect): { x: number; y: number } {
  return { x: left + width / 2, y: top + height / 2 };
}
