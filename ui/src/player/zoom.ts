// How closely a picture is looked at: how large, and which part of it. Pure arithmetic; positions
// are parts of the tile, so that they stay right when the tile's size changes.

export interface View {
  /** 1 is the whole picture. */
  scale: number;
  /** Where the picture's left and top edges are, in tile widths and heights: 0 or less. */
  x: number;
  y: number;
}

export interface Point {
  x: number;
  y: number;
}

export const WHOLE: View = { scale: 1, x: 0, y: 0 };
export const MOST = 8;
/** One press of a key. */
export const KEY_FACTOR = 1.5;
/** One press of an arrow key, in parts of the tile. */
export const KEY_STEP = 0.15;
/** So much of a wheel's way (a notch is about 100 pixels) doubles the size. */
const WHEEL_DOUBLES = 300;
/** A wheel that counts lines or pages instead of pixels. */
const LINE_PIXELS = [1, 33, 300];
/** A picture that is hardly larger is the whole one. */
const NEARLY_WHOLE = 1.02;

export function wheelFactor(deltaY: number, deltaMode: number): number {
  return 2 ** (-(deltaY * (LINE_PIXELS[deltaMode] ?? 1)) / WHEEL_DOUBLES);
}

/** Larger or smaller by `factor`, while what is under `point` stays there. */
export function zoomed(view: View, factor: number, point: Point): View {
  const scale = Math.min(MOST, view.scale * factor);
  if (scale < NEARLY_WHOLE) return WHOLE;
  const grown = scale / view.scale;
  return within({
    scale,
    x: point.x - (point.x - view.x) * grown,
    y: point.y - (point.y - view.y) * grown,
  });
}

/** Moved by parts of the tile, and never off the picture. */
export function panned(view: View, dx: number, dy: number): View {
  return within({ ...view, x: view.x + dx, y: view.y + dy });
}

function within({ scale, x, y }: View): View {
  const clamp = (edge: number) => Math.min(0, Math.max(1 - scale, edge));
  return { scale, x: clamp(x), y: clamp(y) };
}

/** As a CSS transform of an element that fills the tile, from its top left corner. */
export function transformOf({ scale, x, y }: View): string {
  return scale === 1 ? '' : `translate(${x * 100}%, ${y * 100}%) scale(${scale})`;
}
