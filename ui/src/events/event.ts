// What happened, as the API tells it, and how it is drawn: pure decisions.

/** One of `GET /api/events/recent` and `GET /api/streams/{id}/events`. */
export interface FanlightEvent {
  id: string;
  time: string;
  /** Empty for what concerns all cameras. */
  stream_id: string;
  type: string;
  /** Of an added camera. */
  name?: string;
  error?: { code: string; message: string } | null;
  consumer?: { id: number; kind: string; name: string; pid: number | null };
  video?: { codec: string; width: number; height: number };
}

export interface EventList {
  events: FanlightEvent[];
}

/** Types with words of their own; others are shown as they are called. */
export const KNOWN = [
  'camera.added',
  'camera.removed',
  'camera.online',
  'camera.frozen',
  'camera.stalled',
  'camera.offline',
  'camera.stopped',
  'camera.format_changed',
  'consumer.joined',
  'consumer.left',
  'cameras.paused',
  'cameras.resumed',
] as const;

export type KnownType = (typeof KNOWN)[number];

export const isKnown = (type: string): type is KnownType =>
  (KNOWN as readonly string[]).includes(type);

export type Kind = 'good' | 'warning' | 'error' | 'reader' | 'neutral';

export function kindOf({ type }: FanlightEvent): Kind {
  if (type === 'camera.online' || type === 'cameras.resumed') return 'good';
  if (type === 'camera.offline') return 'error';
  if (['camera.stalled', 'camera.frozen', 'cameras.paused'].includes(type)) return 'warning';
  return type.startsWith('consumer.') ? 'reader' : 'neutral';
}

/** What can be chosen: what is about cameras, what went wrong, who came and went, all. */
export const FILTERS = ['cameras', 'trouble', 'readers', 'all'] as const;
export type Filter = (typeof FILTERS)[number];

export function passes(event: FanlightEvent, filter: Filter, streamId: string | null): boolean {
  // What concerns all cameras concerns each.
  if (streamId !== null && event.stream_id !== streamId && event.stream_id !== '') return false;
  const kind = kindOf(event);
  if (filter === 'trouble') return kind === 'warning' || kind === 'error';
  if (filter === 'readers') return kind === 'reader';
  if (filter === 'cameras') return kind !== 'reader';
  return true;
}
