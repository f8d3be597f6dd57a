// Layouts with equal cells: so many cameras a page, or so many columns that scroll.
// Pure arithmetic, and the choice kept between starts.
import { keep, kept } from '../lib/kept';
import { type Box, CROP_TOLERANCE, type Packing, type Rect, SCROLL_BAR } from './packing';

export const LAYOUTS = ['auto', '1', '4', '9', '16', 'c2', 'c3', 'c4', 'c5', 'c6'] as const;
export type Layout = (typeof LAYOUTS)[number];

const KEPT_AS = 'layout';
/** Shape of the cells of a layout in columns. */
const CELL_ASPECT = 16 / 9;

export function storedLayout(): Layout {
  const stored = kept(KEPT_AS);
  return LAYOUTS.find((layout) => layout === stored) ?? 'auto';
}

export function storeLayout(layout: Layout): void {
  keep(KEPT_AS, layout);
}

/** Columns of a layout that scrolls, null for the others. */
export function columnsOf(layout: Layout): number | null {
  return layout.startsWith('c') ? Number(layout.slice(1)) : null;
}

/** Cameras on one page; null where all are on the only one. */
export function placesOf(layout: Layout): number | null {
  return layout === 'auto' || columnsOf(layout) !== null ? null : Number(layout);
}

/** Equal cells for `count` cameras of one page. */
export function cells(layout: Layout, count: number, box: Box, gap: number): Packing {
  if (count === 0 || box.width <= 0 || box.height <= 0) return { tiles: [], height: 0 };
  const places = placesOf(layout);
  if (places !== null) {
    const side = Math.sqrt(places);
    const tiles = cellRects(count, side, box.width, (box.height + gap) / side, gap);
    return { tiles, height: box.height };
  }
  const columns = columnsOf(layout) ?? 1;
  const rows = Math.ceil(count / columns);
  const pitch = (width: number) => ((width + gap) / columns - gap) / CELL_ASPECT + gap;
  const fits = rows * pitch(box.width) - gap <= box.height;
  const width = fits ? box.width : box.width - SCROLL_BAR;
  const tiles = cellRects(count, columns, width, pitch(width), gap);
  return { tiles, height: Math.max(box.height, Math.round(rows * pitch(width) - gap)) };
}

/** @param rowPitch from the top of one row to the top of the next */
function cellRects(count: number, columns: number, width: number, rowPitch: number, gap: number) {
  const columnPitch = (width + gap) / columns;
  return Array.from({ length: count }, (_, i): Rect => {
    const x = i % columns;
    const y = Math.floor(i / columns);
    const left = Math.round(x * columnPitch);
    const top = Math.round(y * rowPitch);
    return {
      left,
      top,
      width: Math.round((x + 1) * columnPitch - gap) - left,
      height: Math.round((y + 1) * rowPitch - gap) - top,
    };
  });
}

/** Whether filling the cell would cut off too much, so that the whole picture is shown in it. */
export function showsWhole(cell: Box, aspect: number): boolean {
  const ratio = cell.width / cell.height / aspect;
  return 1 - Math.min(ratio, 1 / ratio) > CROP_TOLERANCE;
}
