// What to say about one camera: pure decisions, so that they are tested as tables.
import type { Stream, StreamState } from '../backend';
import type { Shown } from '../player/picture';

/** `late` is ours: the camera says online, yet no picture reaches this window. */
export type TileState = StreamState | 'late';
export type Tone = 'quiet' | 'warning' | 'error';

export interface Health {
  state: TileState;
  tone: Tone;
  healthy: boolean;
  /** The server's own sentence, null when it gave none. */
  reason: string | null;
  /** Milliseconds since the picture on screen was captured, null without a picture. */
  pictureAge: number | null;
  /** Milliseconds until the next try, null when none is planned. */
  nextTry: number | null;
}

/** A camera of usual frame rate is late after this long without a picture. */
const LATE_AFTER_MS = 5000;

const TONES: Record<TileState, Tone> = {
  online: 'quiet',
  connecting: 'quiet',
  stopped: 'quiet',
  late: 'warning',
  stalled: 'warning',
  reconnecting: 'warning',
  auth_failed: 'error',
  error: 'error',
};

/**
 * @param shown the picture on screen
 * @param seenSince when the tile last came on screen, milliseconds since 1970
 */
export function health(
  stream: Stream,
  shown: Shown | null,
  seenSince: number,
  now: number,
): Health {
  const { status } = stream;
  const waiting = now - Math.max(shown?.shownAt ?? 0, seenSince, Date.parse(status.since) || 0);
  // A camera of one picture in ten seconds is not late after five.
  const patience = Math.max(LATE_AFTER_MS, stream.video?.fps ? 3000 / stream.video.fps : 0);
  const late = status.state === 'online' && waiting > patience;
  const state: TileState = late ? 'late' : status.state;
  return {
    state,
    tone: TONES[state],
    healthy: state === 'online',
    reason: status.error?.message ?? null,
    pictureAge: shown && now - pictureTime(shown),
    nextTry: status.next_try === null ? null : Date.parse(status.next_try) - now,
  };
}

/** The capture time, unless the server's clock is plainly another than ours. */
function pictureTime({ capturedAt, shownAt }: Shown): number {
  const transit = shownAt - capturedAt;
  return transit >= 0 && transit < 24 * 3600 * 1000 ? capturedAt : shownAt;
}

/** Shape to give a camera before its video is known. */
const USUAL_ASPECT = 16 / 9;

export function aspectOf(stream: Stream): number | null {
  return stream.video && stream.video.height > 0 ? stream.video.width / stream.video.height : null;
}

/** Aspect ratios that stay what they were while a camera is away, so that tiles do not jump. */
export function rememberedAspect(memory: Map<string, number>, stream: Stream): number {
  const aspect = aspectOf(stream);
  if (aspect !== null) memory.set(stream.stream_id, aspect);
  return memory.get(stream.stream_id) ?? USUAL_ASPECT;
}
