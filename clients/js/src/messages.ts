// What the page and its worker say to one another.
import type { ClientStats, ConnectionState, Received, Size } from './events';
import type { SessionOptions } from './session';

export type ToWorker =
  | { do: 'begin'; options: SessionOptions }
  | { do: 'connect'; streamId: string; size: Size | null; number: number }
  | { do: 'disconnect'; number: number }
  | { do: 'canvas'; canvas: OffscreenCanvas | null }
  | { do: 'feed'; pictures: WritableStream<VideoFrame> | null }
  | { do: 'frames'; wanted: boolean }
  | { do: 'reset' };

export type FromWorker =
  | { is: 'ready' }
  | { is: 'state'; state: ConnectionState; attempts: number; number: number; stats: ClientStats }
  | { is: 'frame'; frame: Received; stats: ClientStats }
  | { is: 'stats'; stats: ClientStats }
  | { is: 'error'; message: string }
  | { is: 'closed'; number: number };
