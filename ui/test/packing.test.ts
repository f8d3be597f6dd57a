import { describe, expect, test } from 'vitest';
import { CROP_TOLERANCE, type Packing, pack } from '../src/player/packing';

const WIDE = 16 / 9;
const TALL = 9 / 16;
const GAP = 4;
const many = (count: number, aspect: number) => Array<number>(count).fill(aspect);

const covered = ({ tiles, height }: Packing, width: number) =>
  tiles.reduce((sum, tile) => sum + tile.width * tile.height, 0) / (width * height);

/** Tiles in lines from top to bottom, as counts, for layouts in rows. */
function rows({ tiles }: Packing): number[] {
  const tops = [...new Set(tiles.map((tile) => tile.top))].sort((a, b) => a - b);
  return tops.map((top) => tiles.filter((tile) => tile.top === top).length);
}

describe('layouts', () => {
  test.each([
    ['one fills the box', [WIDE], 1600, 900, [1], 0.99],
    ['two in a wide box stand side by side', many(2, WIDE), 1600, 480, [2], 0.97],
    ['two in a tall box are stacked', many(2, WIDE), 700, 900, [1, 1], 0.9],
    ['four are two by two', many(4, WIDE), 1600, 900, [2, 2], 0.99],
    ['five leave no empty cell', many(5, WIDE), 1216, 600, [2, 3], 0.95],
    ['nine are three by three', many(9, WIDE), 1600, 900, [3, 3, 3], 0.98],
    ['three portraits stand in a row', many(3, TALL), 1280, 760, [3], 0.95],
    ['sixteen are four by four', many(16, WIDE), 1920, 1080, [4, 4, 4, 4], 0.97],
  ])('%s', (_name, aspects, width, height, lines, atLeast) => {
    const packing = pack(aspects, { width, height }, GAP);
    expect(rows(packing)).toEqual(lines);
    expect(covered(packing, width)).toBeGreaterThan(atLeast);
    expect(packing.height).toBe(height);
  });

  test('a portrait between landscapes gets a column of its own', () => {
    const packing = pack([TALL, WIDE, WIDE], { width: 1240, height: 800 }, GAP);
    expect(packing.tiles[0]?.height).toBeGreaterThan(780);
    expect(covered(packing, 1240)).toBeGreaterThan(0.9);
  });
});

const BOXES = [
  [1216, 760],
  [1856, 1040],
  [700, 900],
  [360, 640],
] as const;
const MIXES = [
  [WIDE],
  [TALL],
  many(3, WIDE),
  many(7, WIDE),
  [WIDE, WIDE, TALL, 4 / 3, WIDE, WIDE],
  [2.4, 1, TALL, 4 / 3],
  many(40, WIDE),
];

describe.each(BOXES)('in %i by %i', (width, height) => {
  test.each(MIXES.map((mix) => [mix.length, mix] as const))('%i tiles', (_count, mix) => {
    const packing = pack(mix, { width, height }, GAP);
    expect(packing.tiles).toHaveLength(mix.length);
    packing.tiles.forEach((tile, i) => {
      // Inside the box.
      expect(tile.left).toBeGreaterThanOrEqual(0);
      expect(tile.top).toBeGreaterThanOrEqual(0);
      expect(tile.left + tile.width).toBeLessThanOrEqual(width);
      expect(tile.top + tile.height).toBeLessThanOrEqual(packing.height + 1);
      // In the shape of its picture, but for a little cropping and whole pixels.
      const shape = tile.width / tile.height / (mix[i] as number);
      const tolerance = CROP_TOLERANCE * 1.4 + 2 / Math.min(tile.width, tile.height);
      expect(Math.abs(shape - 1)).toBeLessThan(tolerance);
      // At least the gap away from every other tile.
      for (const other of packing.tiles.slice(i + 1)) {
        const apart =
          other.left >= tile.left + tile.width + GAP - 1 ||
          tile.left >= other.left + other.width + GAP - 1 ||
          other.top >= tile.top + tile.height + GAP - 1 ||
          tile.top >= other.top + other.height + GAP - 1;
        expect(apart).toBe(true);
      }
    });
  });
});

test('one dwarf tile is avoided before everything scrolls', () => {
  const mix = [WIDE, WIDE, TALL, 4 / 3, WIDE, WIDE];
  const packing = pack(mix, { width: 960, height: 690 }, GAP);
  expect(packing.height).toBe(690);
  expect(Math.min(...packing.tiles.map((tile) => tile.width * tile.height))).toBeGreaterThan(
    22_400,
  );
});

test('too many for the window scroll instead of shrinking to nothing', () => {
  const packing = pack(many(60, WIDE), { width: 800, height: 600 }, GAP);
  expect(packing.height).toBeGreaterThan(600);
  expect(Math.min(...packing.tiles.map((tile) => tile.width))).toBeGreaterThan(190);
});

test.each([
  ['no tiles', [], { width: 800, height: 600 }],
  ['no room yet', [WIDE], { width: 0, height: 0 }],
])('%s: nothing to place', (_name, aspects, box) => {
  expect(pack(aspects, box, GAP)).toEqual({ tiles: [], height: 0 });
});
