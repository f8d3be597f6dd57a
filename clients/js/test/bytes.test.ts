import { describe, expect, test } from 'vitest';
import { backoffDelay, bgrToRgba, parseHeader } from '../src/index';
import { withHeader } from './server';

describe('backoffDelay', () => {
  test.each([
    [0, 0, 250],
    [0, 1, 500],
    [1, 1, 1000],
    [3, 1, 4000],
    [5, 1, 10_000],
    [500, 0, 5000],
    [500, 1, 10_000],
  ])('attempt %i with chance %d waits %i ms', (attempt, chance, delay) => {
    expect(backoffDelay(attempt, 500, 10_000, () => chance)).toBe(delay);
  });
});

describe('bgrToRgba', () => {
  test('swaps blue and red and is opaque', () => {
    const rgba = new Uint8ClampedArray(8);
    bgrToRgba(new Uint8Array([1, 2, 3, 250, 251, 252]), rgba);
    expect([...rgba]).toEqual([3, 2, 1, 255, 252, 251, 250, 255]);
  });

  test('a short message leaves the rest alone', () => {
    const rgba = new Uint8ClampedArray(8);
    bgrToRgba(new Uint8Array([1, 2, 3, 4]), rgba);
    expect([...rgba]).toEqual([3, 2, 1, 255, 0, 0, 0, 0]);
  });
});

describe('parseHeader', () => {
  test('reads what the server wrote', () => {
    const told = { keyframe: false, missed: 3 };
    const message = withHeader(7, 1920, 1080, 2, [9], told).buffer as ArrayBuffer;
    expect(parseHeader(message)).toEqual({
      sequence: 7,
      captureTime: 1_700_000_000_123,
      width: 1920,
      height: 1080,
      kind: 'h264',
      keyframe: false,
      missed: 3,
    });
  });

  test('refuses a message without room for it', () => {
    expect(parseHeader(new ArrayBuffer(31))).toBeNull();
  });

  test('refuses a kind it does not know', () => {
    const message = withHeader(7, 2, 2, 1, []);
    message[24] = 9;
    expect(parseHeader(message.buffer as ArrayBuffer)).toBeNull();
  });
});
