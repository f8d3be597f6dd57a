import { describe, expect, test } from 'vitest';
import { health, rememberedAspect } from '../src/cameras/health';
import { camera } from './fakes';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const pictureFrom = (ms: number) => ({ capturedAt: NOW - ms - 20, shownAt: NOW - ms });

describe('a picture that does not come', () => {
  test.each([
    ['fresh pictures', 25, 40, 60_000, 'online'],
    ['none for six seconds', 25, 6000, 60_000, 'late'],
    ['none, but only just on screen', 25, 6000, 1000, 'online'],
    ['a camera of one frame in ten seconds', 0.1, 12_000, 60_000, 'online'],
  ])('%s', (_name, fps, pictureAge, seenFor, state) => {
    const video = { codec: 'h264' as const, width: 2, height: 2, fps, bitrate_kbps: null };
    const stream = camera('porch', { video, status: { since: ago(3_600_000) } });
    expect(health(stream, pictureFrom(pictureAge), NOW - seenFor, NOW).state).toBe(state);
  });
});

test('a sick camera tells reason, age of its picture and the next try', () => {
  const stream = camera('porch', {
    status: {
      state: 'reconnecting',
      since: ago(9000),
      error: { code: 'camera_unreachable', message: 'No answer', certificate: null },
      next_try: new Date(NOW + 4000).toISOString(),
    },
  });
  expect(health(stream, pictureFrom(9000), NOW - 60_000, NOW)).toEqual({
    state: 'reconnecting',
    tone: 'warning',
    healthy: false,
    reason: 'No answer',
    pictureAge: 9020,
    nextTry: 4000,
  });
});

test("another clock on the server's side does not make the age absurd", () => {
  const shown = { capturedAt: NOW + 3_600_000, shownAt: NOW - 2000 };
  expect(health(camera('porch'), shown, NOW - 60_000, NOW).pictureAge).toBe(2000);
});

test('a camera keeps its shape while its video is unknown', () => {
  const memory = new Map<string, number>();
  const video = { codec: 'h264' as const, width: 900, height: 1800, fps: 25, bitrate_kbps: null };
  expect(rememberedAspect(memory, camera('porch', { video: null }))).toBeCloseTo(16 / 9);
  expect(rememberedAspect(memory, camera('porch', { video }))).toBe(0.5);
  expect(rememberedAspect(memory, camera('porch', { video: null }))).toBe(0.5);
});
