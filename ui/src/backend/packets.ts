// Reads the bytes of the desktop's `next_frames` answer: records of
// [u32 length | u32 key | u64 sequence | u64 capture time in ns | length bytes of JPEG].
import type { TileFrame } from './backend';

const RECORD_HEADER_BYTES = 24;

export function readFrames(answer: ArrayBuffer): TileFrame[] {
  const frames: TileFrame[] = [];
  const view = new DataView(answer);
  let at = 0;
  while (at + RECORD_HEADER_BYTES <= answer.byteLength) {
    const length = view.getUint32(at, true);
    const start = at + RECORD_HEADER_BYTES;
    if (start + length > answer.byteLength) break;
    frames.push({
      key: view.getUint32(at + 4, true),
      sequence: Number(view.getBigUint64(at + 8, true)),
      capturedAt: Number(view.getBigUint64(at + 16, true)) / 1e6,
      jpeg: new Uint8Array(answer, start, length),
    });
    at = start + length;
  }
  return frames;
}
