// useRTSPStream: one stream in a React component, with its state in words. The pixels bypass React.
import { type RefCallback, useCallback, useEffect, useRef, useState } from 'react';
import { type ClientOptions, type FrameCallback, RTSPStreamClient } from './client';
import type { ClientStats } from './events';

/** `waiting` is connected without pictures; `live` has one of the last three seconds. */
export type StreamState =
  | 'disconnected'
  | 'connecting'
  | 'waiting'
  | 'live'
  | 'reconnecting'
  | 'failed';

export interface UseRTSPStreamOptions extends Pick<ClientOptions, 'format' | 'worker' | 'token'> {
  /** `ws://host:port` of the server. */
  serverUrl?: string;
  streamId?: string;
  /** The camera's address; needed to start the stream, not to watch a running one. */
  rtspUrl?: string;
  /** The stream's size, when this starts it; `width` is also how wide pictures are asked for. */
  width?: number;
  height?: number;
  /** Start the stream (when `rtspUrl` is given) and watch it without a click. */
  autoStart?: boolean;
  /** The canvas's accessible name. */
  label?: string;
  onFrame?: FrameCallback;
  onError?: (message: string) => void;
}

export interface RTSPStream {
  /** For the element that the canvas is put into. */
  ref: RefCallback<HTMLElement>;
  state: StreamState;
  /** What is wrong, in a sentence, until pictures come. */
  error: string | null;
  stats: ClientStats | null;
  /** Between `start` and `stop`. */
  watching: boolean;
  start: () => void;
  /** Stops watching, and the stream too when nobody else reads it. */
  stop: () => void;
  /** Starts anew, at once. */
  retry: () => void;
}

/** How often state and numbers change: often enough to read, not to distract. */
const LOOK_MS = 500;

export function useRTSPStream(options: UseRTSPStreamOptions = {}): RTSPStream {
  const { serverUrl = 'ws://localhost:8080', streamId = 'camera1', rtspUrl = '' } = options;
  const { width = 640, height = 480, autoStart = false, token } = options;
  const { format = 'auto', worker = true, label = `Live picture of ${streamId}` } = options;

  const client = useRef<RTSPStreamClient | null>(null);
  const canvas = useRef<HTMLCanvasElement | null>(null);
  const callbacks = useRef(options);
  const [holder, setHolder] = useState<HTMLElement | null>(null);
  const [watching, setWatching] = useState(autoStart);
  const [tries, setTries] = useState(0);
  const [state, setState] = useState<StreamState>('disconnected');
  const [error, setError] = useState<string | null>(null);
  const [stats, setStats] = useState<ClientStats | null>(null);

  useEffect(() => {
    callbacks.current = options;
    canvas.current?.setAttribute('aria-label', label);
    if (client.current) listen(client.current);
  });

  /** Frames come out of a worker only while somebody wants them. */
  const listen = (to: RTSPStreamClient) => {
    const wanted = callbacks.current.onFrame !== undefined;
    to.onFrame(wanted ? (...frame) => callbacks.current.onFrame?.(...frame) : null);
  };

  // One client per watched stream, with a canvas of its own: one that went to a worker cannot be
  // used again. Leaving only disconnects, as other readers may share the camera.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new try begins anew, with the same values
  useEffect(() => {
    if (!watching || !holder) return;
    const begin = () => {
      const mine = new RTSPStreamClient(serverUrl, streamId, {
        format,
        worker,
        // With the width alone, the picture keeps the camera's shape.
        ...(format !== 'bgr24' && { width }),
        ...(token !== undefined && { token }),
      });
      const element = makeCanvas(width, height, callbacks.current.label ?? label);
      holder.replaceChildren(element);
      canvas.current = element;
      client.current = mine;
      let left = false;
      const tell = (message: string) => {
        setError(message);
        callbacks.current.onError?.(message);
      };
      const look = () => {
        const { state, isLive } = mine.getConnectionStatus();
        setState(isLive ? 'live' : state === 'connected' ? 'waiting' : state);
        setStats(mine.getStats());
        if (isLive) setError(null);
      };
      mine.setupCanvas(element);
      mine.onError(tell);
      mine.onConnect(look);
      mine.onDisconnect(look);
      listen(mine);
      setState('connecting');
      const timer = setInterval(look, LOOK_MS);
      const run = async () => {
        const started = !rtspUrl || (await mine.startStream(rtspUrl, width, height));
        if (left) return;
        if (started) {
          mine.connect();
          return;
        }
        clearInterval(timer);
        setState('failed');
        setWatching(false);
      };
      void run();
      return () => {
        left = true;
        clearInterval(timer);
        mine.onError(null);
        mine.destroy();
        client.current = null;
      };
    };
    // StrictMode leaves at once and enters again: then nothing was begun that has to be ended.
    let end: (() => void) | null = null;
    const soon = setTimeout(() => {
      end = begin();
    }, 0);
    return () => {
      clearTimeout(soon);
      end?.();
      setState((now) => (now === 'failed' ? now : 'disconnected'));
    };
  }, [watching, holder, tries, serverUrl, streamId, rtspUrl, width, height, format, worker, token]);

  const start = useCallback(() => {
    setError(null);
    setWatching(true);
  }, []);
  const stop = useCallback(() => {
    // The stream itself ends only when nobody else reads it, which the server decides.
    const stopping = client.current;
    setWatching(false);
    setError(null);
    if (!stopping) return;
    stopping.onError(null);
    stopping.disconnect();
    void stopping.stopStream();
  }, []);
  const retry = useCallback(() => {
    start();
    setTries((count) => count + 1);
  }, [start]);

  return { ref: setHolder, state, error, stats, watching, start, stop, retry };
}

function makeCanvas(width: number, height: number, label: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  Object.assign(canvas.style, { display: 'block', width: '100%', height: 'auto' });
  return canvas;
}
