// Packs tiles into the window by the real shape of their pictures: every row (or column) is
// filled from edge to edge, so that there are no empty cells and no bars inside a tile.
// Pure arithmetic; what a tile is lives in Tile.tsx.

export interface Box {
  width: number;
  height: number;
}

export interface Rect extends Box {
  left: number;
  top: number;
}

export interface Packing {
  /** One rectangle per tile, in the order given. */
  tiles: Rect[];
  /** Height of the whole: larger than the box when it has to scroll. */
  height: number;
}

/** How much of a picture may be cut off so that the whole fills the box. */
export const CROP_TOLERANCE = 0.06;
/** Below this many square CSS pixels (200 by 112) a picture tells nothing: the grid scrolls. */
const MIN_TILE_AREA = 200 * 112;
/** Room for the scroll bar, in CSS pixels. */
export const SCROLL_BAR = 12;
/** Up to this many tiles every split into lines is tried (2^9 of them); beyond, even ones. */
const TRY_ALL_UP_TO = 10;
/** How much a layout with one dwarf tile loses against one with equal tiles. */
const UNEVEN_PENALTY = 0.35;

/** Places one tile per aspect ratio (width / height) into `box`, `gap` pixels apart. */
export function pack(aspects: readonly number[], box: Box, gap: number): Packing {
  if (aspects.length === 0 || box.width <= 0 || box.height <= 0) return { tiles: [], height: 0 };
  const smallest = Math.min(MIN_TILE_AREA, (box.width * box.height) / 4);
  const fitting = bestIn(aspects, box, gap, smallest);
  if (area(fitting) >= smallest) return { tiles: fitting, height: box.height };

  const width = box.width - SCROLL_BAR;
  let height = box.height;
  let tiles: Rect[];
  do {
    height *= 1.1;
    tiles = bestIn(aspects, { width, height }, gap, smallest);
    // The bound ends the search where the width alone makes tiles too small.
  } while (area(tiles) < smallest && height < box.height * 40);
  // What scrolls starts at the top instead of being centred in an imagined box.
  const top = Math.min(...tiles.map((tile) => tile.top));
  const bottom = Math.max(...tiles.map((tile) => tile.top + tile.height));
  return { tiles: tiles.map((tile) => ({ ...tile, top: tile.top - top })), height: bottom - top };
}

/** Area of the smallest tile. */
const area = (tiles: Rect[]) => Math.min(...tiles.map((tile) => tile.width * tile.height));

function bestIn(aspects: readonly number[], box: Box, gap: number, smallest: number): Rect[] {
  let best: Rect[] = [];
  let bestScore = -1;
  for (const lines of splits(aspects.length)) {
    for (const place of [placeRows, placeColumns]) {
      const tiles = place(aspects, lines, box, gap);
      const tileScore = score(tiles, smallest);
      // Strictly better only, so that equal layouts do not flip while resizing.
      if (tileScore > bestScore * 1.0001) {
        best = tiles;
        bestScore = tileScore;
      }
    }
  }
  return best;
}

function score(tiles: Rect[], smallest: number): number {
  const areas = tiles.map((tile) => tile.width * tile.height);
  if (tiles.some((tile) => tile.width <= 0 || tile.height <= 0)) return -1;
  const sum = areas.reduce((a, b) => a + b, 0);
  const evenness = Math.min(...areas) / (sum / areas.length);
  // Rather give up area than have one tile too small to see, which would make all scroll.
  const legible = Math.min(...areas) >= smallest ? 1 : 0.25;
  return sum * legible * (1 - UNEVEN_PENALTY * (1 - evenness));
}

/** Ways to split `count` tiles, in order, into lines: the number of tiles of each line. */
function splits(count: number): number[][] {
  if (count > TRY_ALL_UP_TO) {
    return Array.from({ length: count }, (_, i) => evenSplit(count, i + 1));
  }
  const all: number[][] = [];
  for (let cuts = 0; cuts < 1 << (count - 1); cuts++) {
    const lines = [1];
    for (let i = 0; i < count - 1; i++) {
      if (cuts & (1 << i)) lines.push(1);
      else lines[lines.length - 1] = (lines.at(-1) as number) + 1;
    }
    all.push(lines);
  }
  return all;
}

function evenSplit(count: number, lines: number): number[] {
  return Array.from(
    { length: lines },
    (_, i) => Math.floor(((i + 1) * count) / lines) - Math.floor((i * count) / lines),
  );
}

/** Rows as wide as the box (or narrower, if that is what fits its height), stacked. */
function placeRows(aspects: readonly number[], lines: number[], box: Box, gap: number): Rect[] {
  const rows = takeLines(aspects, lines);
  const sums = rows.map((row) => row.reduce((a, b) => a + b, 0));
  const gapsBetween = (rows.length - 1) * gap;
  // Height of all rows at width w is `perWidth * w - offset + gapsBetween`.
  const perWidth = sums.reduce((total, sum) => total + 1 / sum, 0);
  const offset = rows.reduce((all, row, i) => all + ((row.length - 1) * gap) / (sums[i] ?? 1), 0);
  const width = Math.min(box.width, (box.height - gapsBetween + offset) / perWidth);
  const height = perWidth * width - offset + gapsBetween;
  // Fill what is left of the box as far as cropping a little allows.
  const fullWidth = Math.min(box.width, width * (1 + CROP_TOLERANCE));
  const fullHeight = Math.min(box.height, height * (1 + CROP_TOLERANCE));
  const stretchY = (fullHeight - gapsBetween) / (height - gapsBetween);

  const tiles: Rect[] = [];
  let top = (box.height - fullHeight) / 2;
  rows.forEach((row, i) => {
    const gaps = (row.length - 1) * gap;
    const rowHeight = ((width - gaps) / (sums[i] ?? 1)) * stretchY;
    let left = (box.width - fullWidth) / 2;
    for (const aspect of row) {
      const tileWidth = ((fullWidth - gaps) * aspect) / (sums[i] ?? 1);
      tiles.push(onPixels(left, top, tileWidth, rowHeight));
      left += tileWidth + gap;
    }
    top += rowHeight + gap;
  });
  return tiles;
}

/** The same with the axes swapped: columns as high as the box, side by side. */
function placeColumns(aspects: readonly number[], lines: number[], box: Box, gap: number): Rect[] {
  const turned = placeRows(
    aspects.map((aspect) => 1 / aspect),
    lines,
    { width: box.height, height: box.width },
    gap,
  );
  return turned.map(({ left, top, width, height }) => ({
    left: top,
    top: left,
    width: height,
    height: width,
  }));
}

function takeLines(aspects: readonly number[], lines: number[]): number[][] {
  let from = 0;
  return lines.map((count) => {
    const line = aspects.slice(from, from + count);
    from += count;
    return line;
  });
}

/** Whole pixels, rounded edge by edge, so that neighbours keep exactly the gap. */
function onPixels(left: number, top: number, width: number, height: number): Rect {
  const x = Math.round(left);
  const y = Math.round(top);
  return {
    left: x,
    top: y,
    width: Math.round(left + width) - x,
    height: Math.round(top + height) - y,
  };
}
