// What the overlay says, made from what was painted until now and a moment before. Pure.
import type { Painted, Stream } from '../backend';
import { codecName } from '../cameras/codec';

export interface Figures {
  fps: string;
  resolution: string;
  codec: string;
  bitrate: string;
  latency: string;
  dropped: string;
  way: string;
}

/** Said of what is not known. */
const UNKNOWN = '–';
/** A latency beyond this says that the server's clock is another than ours. */
const BELIEVED_MS = 60_000;

export interface Look {
  facts: Painted | null;
  /** Milliseconds since any moment. */
  at: number;
}

export function figures(stream: Stream, before: Look | null, now: Look): Figures {
  const { facts } = now;
  const sub = stream.substream?.video;
  const shown = facts && sub && facts.format !== 'jpeg' && sub.width === facts.width ? sub : null;
  const video = shown ?? stream.video;
  const seconds = before ? (now.at - before.at) / 1000 : 0;
  const since = (key: 'count' | 'dropped') => (facts?.[key] ?? 0) - (before?.facts?.[key] ?? 0);
  const latency = facts ? facts.shownAt - facts.capturedAt : Number.NaN;
  return {
    fps: before && seconds > 0 ? (Math.max(0, since('count')) / seconds).toFixed(1) : UNKNOWN,
    resolution: facts && facts.width > 0 ? `${facts.width}×${facts.height}` : UNKNOWN,
    codec: video ? codecName(video.codec) : UNKNOWN,
    bitrate: video?.bitrate_kbps ? `${(video.bitrate_kbps / 1000).toFixed(1)} Mbit/s` : UNKNOWN,
    latency: latency >= 0 && latency < BELIEVED_MS ? `${Math.round(latency)} ms` : UNKNOWN,
    dropped: facts ? String(facts.dropped) : UNKNOWN,
    way: facts ? wayName(facts.format) : UNKNOWN,
  };
}

function wayName(format: Painted['format']): string {
  return format === 'jpeg' ? 'JPEG' : `WebCodecs ${codecName(format)}`;
}
