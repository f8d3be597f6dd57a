import { expect, test } from 'vitest';
import type { ConsumerHistory, History } from '../src/backend';
import { minutesOf, summaryOf } from '../src/camera/minutes';

const UNTIL = '2026-01-01T00:00:10Z';
const history = (frames: number[]): History => ({
  until: UNTIL,
  step_seconds: 1,
  frames,
  kbit: frames.map((count) => count * 100),
  keyframes: frames.map(() => 1),
  lost: frames.map((_, i) => (i === 0 ? 3 : 0)),
  reconnects: frames.map(() => 0),
});
const reader = (parts: Partial<ConsumerHistory>) =>
  ({
    until: UNTIL,
    step_seconds: 1,
    delivered: [],
    dropped: [],
    lag_ms_most: [],
    ...parts,
  }) as ConsumerHistory;

test('a second has its own time, rate and bitrate', () => {
  const { times, fps, bitrate, lost, latency, dropped } = minutesOf(history([25, 24]), []);
  const last = Date.parse(UNTIL) / 1000;
  expect(times).toEqual([last - 1, last]);
  expect(fps).toEqual([25, 24]);
  expect(bitrate).toEqual([2.5, 2.4]);
  expect(lost).toEqual([3, 0]);
  expect(latency).toEqual([null, null]);
  expect(dropped).toEqual([0, 0]);
});

test('of several readers the latest picture counts, and every one that was dropped', () => {
  const { latency, dropped } = minutesOf(history([25, 25, 25]), [
    reader({ delivered: [5, 5], dropped: [1, 0], lag_ms_most: [40, 50] }),
    // One second ahead, as it was asked a moment later; it got nothing in its first second.
    reader({
      until: '2026-01-01T00:00:11Z',
      delivered: [0, 3, 3],
      dropped: [4, 0, 9],
      lag_ms_most: [0, 90, 20],
    }),
  ]);
  expect(latency).toEqual([null, 40, 90]);
  expect(dropped).toEqual([0, 5, 0]);
});

test('what is said of a line', () => {
  expect(summaryOf([0, 10, 20, 20, 20, 20, 20])).toEqual({
    now: 20,
    least: 0,
    most: 20,
    total: 110,
  });
  expect(summaryOf([null, 4])).toEqual({ now: 4, least: 4, most: 4, total: 4 });
  expect(summaryOf([7, null, null, null, null, null])).toMatchObject({ now: 0, most: 7 });
  expect(summaryOf([null, null])).toBeNull();
});
