import { describe, expect, test } from 'vitest';
import { codecString, nalUnits } from '../src/annexb';

const bytes = (hex: string) =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));

/** What x264 and x265 put before a keyframe, at 1280x720 and 1920x1080. */
const H264_HIGH = `00000001 09f0 00000001 67640028acd940500 5bb011000000300100000030320f1831960`;
const H265_MAIN = `00000001 40010c01ffff016000000300900000030000030078959809 00000001 420101016000000300900000030000030078a003c08010e596`;

describe('nalUnits', () => {
  test.each([
    ['long and short start codes', '0000000109f0 000001 6742', ['09f0', '6742']],
    ['a zero that belongs to the next start code', '00000165aa00 000001 41', ['65aa', '41']],
    ['bytes before the first start code', 'ff00000165', ['65']],
    ['nothing', '', []],
    ['no start code', '0102030405', []],
  ])('%s', (_, text, units) => {
    const found = [...nalUnits(bytes(text.replaceAll(' ', '')))];
    expect(found.map((unit) => Buffer.from(unit).toString('hex'))).toEqual(units);
  });
});

describe('codecString', () => {
  test.each([
    ['h264', H264_HIGH, 'avc1.640028'],
    ['h264', '00000001 6742c01e', 'avc1.42C01E'],
    ['h265', H265_MAIN, 'hev1.1.6.L120.90'],
    ['h265', H264_HIGH, null],
    ['h264', H265_MAIN, null],
    ['h264', '00000001 65888400', null],
    ['h264', '00000001 6764', null],
    ['h265', '00000001 420101', null],
    ['h264', '', null],
  ] as const)('%s in %s', (codec, text, told) => {
    expect(codecString(bytes(text.replaceAll(' ', '')), codec)).toBe(told);
  });
});
