// The last minutes of a camera as lines to draw: pure, so that it is tested as a table.
import type { ConsumerHistory, History } from '../backend';

export type Line = (number | null)[];

/** One value a second, oldest first, all of the same length. */
export interface Minutes {
  /** Unix seconds. */
  times: number[];
  fps: Line;
  /** Megabits a second. */
  bitrate: Line;
  /** Greatest age of a picture when a reader got it, in milliseconds; null where none got one. */
  latency: Line;
  /** Pictures that readers were too slow for. */
  dropped: Line;
  /** RTP packets that did not arrive. */
  lost: Line;
}

export function minutesOf(history: History, consumers: ConsumerHistory[]): Minutes {
  const count = history.frames.length;
  const until = Math.round(Date.parse(history.until) / 1000);
  const latency: Line = new Array(count).fill(null);
  const dropped: Line = new Array(count).fill(0);
  for (const consumer of consumers) {
    // Both end at about the same second, but were asked for one after the other.
    const ahead = Math.round(Date.parse(consumer.until) / 1000) - until;
    const shift = count - consumer.delivered.length + ahead;
    consumer.delivered.forEach((delivered, i) => {
      const at = i + shift;
      if (at < 0 || at >= count) return;
      dropped[at] = (dropped[at] ?? 0) + (consumer.dropped[i] ?? 0);
      const lag = consumer.lag_ms_most[i];
      if (delivered > 0 && lag !== undefined) latency[at] = Math.max(latency[at] ?? 0, lag);
    });
  }
  return {
    times: history.frames.map((_, i) => until - (count - 1 - i) * history.step_seconds),
    fps: history.frames.map((frames) => frames / history.step_seconds),
    bitrate: history.kbit.map((kbit) => kbit / 1000 / history.step_seconds),
    latency,
    dropped,
    lost: history.lost,
  };
}

export interface Summary {
  /** Mean of the last seconds. */
  now: number;
  least: number;
  most: number;
  total: number;
}

/** A second is too short to read a rate from. */
const NOW_SECONDS = 5;

/** Null where there is nothing to tell. */
export function summaryOf(line: Line): Summary | null {
  const known = line.filter((value) => value !== null);
  if (known.length === 0) return null;
  const last = line.slice(-NOW_SECONDS).filter((value) => value !== null);
  const total = known.reduce((sum, value) => sum + value, 0);
  return {
    now: last.length === 0 ? 0 : last.reduce((sum, value) => sum + value, 0) / last.length,
    least: Math.min(...known),
    most: Math.max(...known),
    total,
  };
}
