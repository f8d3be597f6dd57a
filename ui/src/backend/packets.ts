// Reads the bytes of the desktop's `next_frames` answer: one JPEG with a picture of each tile that has a
// new one, and before it where in it each of them is:
// [u32 tiles | for each: u32 key, u64 sequence, u64 capture time in ns, u32 x, y, width, height | JPEG].

const COUNT_BYTES = 4;
const PART_BYTES = 36;

/** Where in a picture one tile's part is, in pixels. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface TilePart extends Part {
  key: number;
  sequence: number;
  /** When the camera's picture was captured, milliseconds since 1970. */
  capturedAt: number;
}

export interface Sheet {
  parts: TilePart[];
  jpeg: Uint8Array<ArrayBuffer>;
}

/** Null when there is nothing new, or less than was said. */
export function readSheet(answer: ArrayBuffer): Sheet | null {
  if (answer.byteLength < COUNT_BYTES) return null;
  const view = new DataView(answer);
  const count = view.getUint32(0, true);
  const end = COUNT_BYTES + count * PART_BYTES;
  if (count === 0 || answer.byteLength <= end) return null;
  const parts: TilePart[] = [];
  for (let at = COUNT_BYTES; at < end; at += PART_BYTES) {
    const number = (offset: number) => view.getUint32(at + offset, true);
    parts.push({
      key: number(0),
      sequence: Number(view.getBigUint64(at + 4, true)),
      capturedAt: Number(view.getBigUint64(at + 12, true)) / 1e6,
      x: number(20),
      y: number(24),
      width: number(28),
      height: number(32),
    });
  }
  return { parts, jpeg: new Uint8Array(answer, end) };
}
