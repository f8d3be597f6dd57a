// What is told while a stream is watched. Plain values, so that a worker can tell them too.
import type { FrameFormat } from './format';

export type ConnectionState = 'disconnected' | 'connecting' | 'connected' | 'reconnecting';

/** One picture on the canvas, or handed to the video. */
export interface Drawn {
  width: number;
  height: number;
  /** Milliseconds since 1970; the capture is not known with format `bgr24`. */
  captureTime: number | null;
  drawnAt: number;
}

export interface ClientStats {
  framesReceived: number;
  bytesReceived: number;
  /** Frames per second since the first frame after `connect()` or `resetStats()`. */
  averageFps: number;
  /** When the newest frame arrived, milliseconds since 1970. */
  lastFrameTime: number | null;
  /** Frames the server skipped for this client; not known with format `bgr24`. */
  framesMissed: number;
  /** Frames dropped here, because the decoder was behind. */
  framesDropped: number;
  /** Pictures drawn on the canvas, or handed to the video. */
  framesDrawn: number;
  /** The newest of them, null before the first. */
  lastDrawn: Drawn | null;
  reconnects: number;
  /** What the server sends now; null before that is known. */
  format: FrameFormat | null;
  /** Why that is not the camera's own codec although it was asked for; null otherwise. */
  fallback: string | null;
}

export function emptyStats(): ClientStats {
  return {
    framesReceived: 0,
    bytesReceived: 0,
    averageFps: 0,
    lastFrameTime: null,
    framesMissed: 0,
    framesDropped: 0,
    framesDrawn: 0,
    lastDrawn: null,
    reconnects: 0,
    format: null,
    fallback: null,
  };
}

/** One frame as it came, and what its header told (null without one). */
export interface Received {
  bytes: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
  format: FrameFormat;
  sequence: number | null;
  captureTime: number | null;
  keyframe: boolean;
}

export interface SessionEvents {
  onState: (state: ConnectionState, attempts: number) => void;
  onFrame: (frame: Received, stats: ClientStats) => void;
  onError: (message: string) => void;
}

export interface Size {
  width: number;
  height: number;
}

/** Whoever watches a stream for the client: here, or in a worker. */
export interface Watcher {
  connect: (streamId: string, size: Size | null) => void;
  /** Settles when the connection has ended. */
  disconnect: () => Promise<void>;
  setCanvas: (canvas: HTMLCanvasElement | null) => void;
  /** Where a video's pictures are written to; takes the place of a canvas. */
  setFeed: (pictures: WritableStream<VideoFrame> | null) => void;
  /** Whether `onFrame` is wanted; counting goes on without. */
  wantFrames: (wanted: boolean) => void;
  stats: () => ClientStats;
  resetStats: () => void;
  /** Ends everything; nothing is told any more. */
  destroy: () => void;
}
