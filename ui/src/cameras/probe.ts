// Testing a camera before it is added: one request, which can be given up.
import { useEffect, useRef, useState } from 'react';
import { useServices } from '../app/context';
import { BackendError, type Video } from '../backend';

/** Answer of `POST /api/probe`. */
export interface Probe {
  video: Video;
  profile: string | null;
  b_frames: boolean | null;
  gop: number | null;
  audio: string | null;
  picture: string | null;
  warnings: { code: string; message: string }[];
}

export interface ProbeRequest {
  url: string;
  transport?: 'tcp' | 'udp';
}

/** A refusal: which one, and the server's own sentence. */
export interface Refusal {
  code: string;
  message: string;
}

export type ProbeState =
  | { at: 'idle' }
  | { at: 'running' }
  | { at: 'done'; probe: Probe }
  | { at: 'failed'; refusal: Refusal };

/** The server's own patience with a camera, and some for the way. */
const LONGEST_MS = 45_000;

export function useProbe(onRefused: (refusal: Refusal) => void) {
  const { backend } = useServices();
  const [state, setState] = useState<ProbeState>({ at: 'idle' });
  const running = useRef<AbortController | null>(null);

  /** Ends a running test and forgets the last one. */
  const reset = () => {
    running.current?.abort();
    running.current = null;
    setState((now) => (now.at === 'idle' ? now : { at: 'idle' }));
  };
  useEffect(() => () => running.current?.abort(), []);

  const start = async (request: ProbeRequest) => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    setState({ at: 'running' });
    try {
      const probe = await backend.request<Probe>('POST', '/api/probe', request, {
        signal: mine.signal,
        timeoutMs: LONGEST_MS,
      });
      if (!mine.signal.aborted) setState({ at: 'done', probe });
    } catch (cause) {
      if (mine.signal.aborted) return;
      const code = cause instanceof BackendError ? cause.code : 'unknown';
      const refusal = { code, message: cause instanceof Error ? cause.message : String(cause) };
      setState({ at: 'failed', refusal });
      onRefused(refusal);
    }
  };
  return { state, start, reset };
}

/** Refusals with words of their own in `probe.failed`. */
export const EXPLAINED = [
  'auth_failed',
  'camera_not_found',
  'camera_unreachable',
  'camera_timeout',
  'not_rtsp',
  'unsupported_codec',
  'unsupported_scheme',
  'invalid_request',
  'tls_failed',
  'ffmpeg_missing',
  'decode_failed',
  'damaged_stream',
  'stalled',
  'quota_exceeded',
  'unreachable',
] as const;

/** Warnings with words of their own in `probe.warning`. */
export const WARNED = ['h265', 'long_gop', 'b_frames', 'large_stream', 'no_picture'] as const;

export const isOneOf = <T extends string>(list: readonly T[], code: string): code is T =>
  (list as readonly string[]).includes(code);

/** The field to mend after a refusal; null when none of them is to blame. */
export function toMend(code: string, user: string): 'user' | 'password' | 'url' | null {
  if (code === 'auth_failed') return user === '' ? 'user' : 'password';
  const elsewhere = ['ffmpeg_missing', 'quota_exceeded', 'unreachable', 'decode_failed'];
  return elsewhere.includes(code) ? null : 'url';
}
