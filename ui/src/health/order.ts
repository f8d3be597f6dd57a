// How bad it is, so that the worst comes first: pure decisions, tested as tables.
import type { History, Stream, StreamState } from '../backend';

/** What came lately, against what usually comes. */
export interface Rate {
  /** Pictures a second in the last seconds. */
  now: number;
  /** In a usual second of the last minutes; null while too little is known. */
  usual: number | null;
}

const NOW_SECONDS = 5;
/** Fewer seconds with pictures than these say nothing of what is usual. */
const ENOUGH_SECONDS = 20;
/** Below this part of the usual rate something is wrong. */
const SLOW_BELOW = 0.6;

export function rateOf(history: History): Rate {
  const rates = history.frames.map((frames) => frames / history.step_seconds);
  const last = rates.slice(-NOW_SECONDS);
  const lively = rates.filter((rate) => rate > 0).sort((a, b) => a - b);
  return {
    now: last.length === 0 ? 0 : last.reduce((sum, rate) => sum + rate, 0) / last.length,
    usual: lively.length < ENOUGH_SECONDS ? null : (lively[Math.floor(lively.length / 2)] ?? null),
  };
}

export const isSlow = ({ now, usual }: Rate): boolean => usual !== null && now < usual * SLOW_BELOW;

export const reconnectsOf = (history: History): number =>
  history.reconnects.reduce((sum, count) => sum + count, 0);

/** Higher is worse; from `NEEDS_A_LOOK` on a person should look. */
const BADNESS: Record<StreamState, number> = {
  error: 6,
  auth_failed: 6,
  reconnecting: 5,
  stalled: 4,
  connecting: 1,
  stopped: 0,
  online: 0,
};
const FROZEN = 3;
const SLOW = 2;
const NEEDS_A_LOOK = 2;

export function badness(camera: Stream, history: History | undefined): number {
  const { state, frozen_since: frozen } = camera.status;
  if (state !== 'online') return BADNESS[state];
  if (frozen) return FROZEN;
  return history && isSlow(rateOf(history)) ? SLOW : BADNESS.online;
}

export const needsALook = (camera: Stream, history: History | undefined): boolean =>
  badness(camera, history) >= NEEDS_A_LOOK;

/** The worst first; of two alike the one that has been so for longer, if it is bad at all. */
export function worstFirst(cameras: Stream[], histories: Map<string, History>): Stream[] {
  const bad = (camera: Stream) => badness(camera, histories.get(camera.stream_id));
  return [...cameras].sort(
    (a, b) =>
      bad(b) - bad(a) ||
      (bad(a) >= NEEDS_A_LOOK ? Date.parse(a.status.since) - Date.parse(b.status.since) : 0) ||
      a.name.localeCompare(b.name) ||
      a.stream_id.localeCompare(b.stream_id),
  );
}
