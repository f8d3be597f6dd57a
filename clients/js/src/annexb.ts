// Reads what an Annex B access unit says of itself: which codec it is, in the words of WebCodecs.
// Pure; formats after ITU-T H.264 and H.265, codec strings after RFC 6381 and ISO/IEC 14496-15.
import type { VideoCodec } from './format';

const H264_SPS = 7;
const H265_SPS = 33;

/** The NAL units of an access unit, without their start codes. */
export function* nalUnits(bytes: Uint8Array): Generator<Uint8Array> {
  let start = -1;
  for (let at = 0; at + 2 < bytes.length; at++) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 1) continue;
    if (start >= 0) yield withoutTrailingZeros(bytes.subarray(start, at));
    start = at + 3;
    at += 2;
  }
  if (start >= 0) yield bytes.subarray(start);
}

/** The fourth byte of a long start code belongs to no unit, and no unit ends with a zero. */
function withoutTrailingZeros(unit: Uint8Array): Uint8Array {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end -= 1;
  return unit.subarray(0, end);
}

/**
 * The codec string for `VideoDecoder`, from the sequence parameter set in a keyframe. Null when
 * there is none of this codec, as after a camera was set to another one.
 */
export function codecString(keyframe: Uint8Array, codec: VideoCodec): string | null {
  for (const unit of nalUnits(keyframe)) {
    const first = unit[0] ?? 0;
    if (codec === 'h264' && (first & 0x9f) === H264_SPS) return h264String(unit);
    if (codec === 'h265' && ((first >> 1) & 0x3f) === H265_SPS) return h265String(unit);
  }
  return null;
}

/** `avc1.` and profile, constraints and level, which follow the NAL header as plain bytes. */
function h264String(sps: Uint8Array): string | null {
  return sps.length < 4 ? null : `avc1.${hex(sps[1])}${hex(sps[2])}${hex(sps[3])}`;
}

/** `hev1.` and the profile_tier_level that begins after one byte: parameter sets come in-band. */
function h265String(sps: Uint8Array): string | null {
  const at = withoutEmulation(sps.subarray(0, 24)).subarray(3);
  if (at.length < 12) return null;
  const [tierAndProfile = 0] = at;
  const space = ['', 'A', 'B', 'C'][tierAndProfile >> 6];
  const tier = tierAndProfile & 0x20 ? 'H' : 'L';
  const view = new DataView(at.buffer, at.byteOffset, at.byteLength);
  const compatible = reversedBits(view.getUint32(1)).toString(16).toUpperCase();
  const constraints = [...at.subarray(5, 11)];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const parts = [
    `hev1.${space}${tierAndProfile & 0x1f}`,
    compatible,
    `${tier}${at[11]}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ];
  return parts.join('.');
}

/** Takes out the byte 3 that keeps start codes from appearing inside of a unit. */
function withoutEmulation(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte, i) => !(byte === 3 && i >= 2 && !bytes[i - 1] && !bytes[i - 2]));
}

function reversedBits(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((word >>> bit) & 1);
  return reversed >>> 0;
}

function hex(byte = 0): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
