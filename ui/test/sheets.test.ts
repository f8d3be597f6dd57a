// The desktop's pictures: the bytes of next_frames, and who paints what of them.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { readSheet } from '../src/backend/packets';
import { Sheets } from '../src/backend/sheets';

interface Given {
  key: number;
  sequence: number;
  x?: number;
  width?: number;
}

function answer(parts: Given[], jpeg = [0xff, 0xd8]): ArrayBuffer {
  const bytes = new Uint8Array(4 + 36 * parts.length + jpeg.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, parts.length, true);
  parts.forEach(({ key, sequence, x = 0, width = 320 }, index) => {
    const at = 4 + 36 * index;
    view.setUint32(at, key, true);
    view.setBigUint64(at + 4, BigInt(sequence), true);
    view.setBigUint64(at + 12, 1_700_000_000_500_000_000n, true);
    [x, 16, width, 180].forEach((number, place) => {
      view.setUint32(at + 20 + 4 * place, number, true);
    });
  });
  bytes.set(jpeg, 4 + 36 * parts.length);
  return bytes.buffer;
}

describe('the bytes', () => {
  test('parts follow each other, and the JPEG them', () => {
    const sheet = readSheet(
      answer([
        { key: 3, sequence: 9, x: 336 },
        { key: 4, sequence: 1 },
      ]),
    );
    const capturedAt = 1_700_000_000_500;
    expect(sheet?.parts).toEqual([
      { key: 3, sequence: 9, capturedAt, x: 336, y: 16, width: 320, height: 180 },
      { key: 4, sequence: 1, capturedAt, x: 0, y: 16, width: 320, height: 180 },
    ]);
    expect([...(sheet?.jpeg ?? [])]).toEqual([0xff, 0xd8]);
  });

  test('nothing new is nothing, and so is what was cut short', () => {
    expect(readSheet(new ArrayBuffer(0))).toBeNull();
    expect(readSheet(answer([{ key: 3, sequence: 9 }]).slice(0, 30))).toBeNull();
  });
});

describe('painting', () => {
  const settle = () => new Promise<void>((done) => setTimeout(done));
  const drawn: unknown[][] = [];
  /** The JPEGs that have an address now. */
  let held: Map<string, Blob>;
  let answers: ((bytes: ArrayBuffer) => void)[];
  let sheets: Sheets;
  let places: Map<number, { painted: ReturnType<typeof vi.fn>; gone: () => void }>;

  beforeEach(() => {
    drawn.length = 0;
    answers = [];
    places = new Map();
    held = new Map();
    let number = 0;
    URL.createObjectURL = (blob) => {
      const url = `blob:${number++}`;
      held.set(url, blob as Blob);
      return url;
    };
    URL.revokeObjectURL = (url) => void held.delete(url);
    HTMLImageElement.prototype.decode = async function (this: HTMLImageElement) {
      if (held.get(this.src)?.size !== 2) throw new Error('broken');
    };
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement) {
      return { canvas: this, drawImage: (_: unknown, ...where: number[]) => drawn.push(where) };
    } as never;
    sheets = new Sheets(() => new Promise((done) => answers.push(done)));
    sheets.onSurface((key) => {
      if (key === 99) return null;
      const place = { painted: vi.fn(), gone: () => {} };
      places.set(key, place);
      const onGone = (call: () => void) => {
        place.gone = call;
      };
      return { surface: document.createElement('canvas'), painted: place.painted, onGone };
    });
  });
  const come = async (bytes: ArrayBuffer) => {
    void sheets.fetch();
    answers.at(-1)?.(bytes);
    await settle();
  };

  test('one call in flight; news meanwhile leads to exactly one more', async () => {
    for (let news = 0; news < 3; news++) void sheets.fetch();
    expect(answers).toHaveLength(1);
    answers[0]?.(answer([{ key: 1, sequence: 1 }]));
    await settle();
    expect(answers).toHaveLength(2);
    answers[1]?.(answer([]));
    await settle();
    expect(answers).toHaveLength(2);
  });

  test('each tile gets its part, and its own counts', async () => {
    await come(
      answer([
        { key: 1, sequence: 7 },
        { key: 2, sequence: 5, x: 320, width: 160 },
      ]),
    );
    await come(answer([{ key: 1, sequence: 10 }]));
    expect(drawn).toEqual([
      [0, 16, 320, 180, 0, 0, 320, 180],
      [320, 16, 160, 180, 0, 0, 160, 180],
      [0, 16, 320, 180, 0, 0, 320, 180],
    ]);
    const told = { format: 'jpeg', capturedAt: 1_700_000_000_500, height: 180 };
    const [one, two] = [places.get(1)?.painted, places.get(2)?.painted];
    expect(one).toHaveBeenLastCalledWith(
      expect.objectContaining({ ...told, width: 320, count: 2, dropped: 2 }),
    );
    expect(two).toHaveBeenLastCalledWith(
      expect.objectContaining({ ...told, width: 160, count: 1, dropped: 0 }),
    );
    expect(held.size).toBe(0);
  });

  test('a broken picture, a tile that is gone and a failed call end nothing', async () => {
    await come(answer([{ key: 1, sequence: 1 }], [0]));
    await come(answer([{ key: 99, sequence: 1 }]));
    expect(drawn).toEqual([]);
    expect(held.size).toBe(0);
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const failing = new Sheets(vi.fn().mockRejectedValueOnce('busy').mockResolvedValue(answer([])));
    await failing.fetch();
    await failing.fetch();
    expect(failing.next).toHaveBeenCalledTimes(2);
    await come(answer([{ key: 1, sequence: 2 }]));
    expect(drawn).toHaveLength(1);
    // Its canvas is gone, then another one comes.
    places.get(1)?.gone();
    await come(answer([{ key: 1, sequence: 3 }]));
    expect(places.get(1)?.painted).toHaveBeenCalledOnce();
  });
});
