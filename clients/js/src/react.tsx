// RTSPStreamViewer: a canvas showing one stream, with start, stop and its state in words.
import { useEffect, useRef, useState } from 'react';
import { type ClientStats, type ConnectionState, RTSPStreamClient } from './client';

export interface RTSPStreamViewerProps {
  /** `ws://host:port` of the server. */
  serverUrl?: string;
  streamId?: string;
  /** The camera's address; needed to start the stream, not to watch a running one. */
  rtspUrl?: string;
  width?: number;
  height?: number;
  /** Start the stream (when `rtspUrl` is given) and watch it without a click. */
  autoStart?: boolean;
  className?: string;
}

/** How often the numbers under the picture change: often enough to read, not to distract. */
const STATS_INTERVAL_MS = 500;

const STATE_WORDS: Record<ConnectionState, string> = {
  disconnected: 'Disconnected',
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
};

export function RTSPStreamViewer({
  serverUrl = 'ws://localhost:8080',
  streamId = 'camera1',
  rtspUrl = '',
  width = 640,
  height = 480,
  autoStart = false,
  className = '',
}: RTSPStreamViewerProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const client = useRef<RTSPStreamClient | null>(null);
  const [watching, setWatching] = useState(autoStart);
  const [state, setState] = useState<ConnectionState>('disconnected');
  const [error, setError] = useState<string | null>(null);
  const [stats, setStats] = useState<ClientStats | null>(null);

  // One client per watched stream. Leaving only disconnects: other readers may share the
  // camera, and StrictMode leaves and enters again at once.
  useEffect(() => {
    if (!watching) return;
    const mine = new RTSPStreamClient(serverUrl, streamId);
    client.current = mine;
    let left = false;
    const refresh = () => {
      setState(mine.getConnectionStatus().state);
      setStats(mine.getStats());
    };
    mine.setupCanvas(canvas.current);
    mine.onError(setError);
    mine.onConnect(() => {
      setError(null);
      refresh();
    });
    mine.onDisconnect(refresh);
    const timer = setInterval(refresh, STATS_INTERVAL_MS);
    const begin = async () => {
      const started = !rtspUrl || (await mine.startStream(rtspUrl, width, height));
      if (left) return;
      if (started) mine.connect();
      else setWatching(false);
    };
    void begin();
    return () => {
      left = true;
      clearInterval(timer);
      mine.onError(null);
      mine.onConnect(null);
      mine.onDisconnect(null);
      mine.disconnect();
      client.current = null;
      setState('disconnected');
    };
  }, [watching, serverUrl, streamId, rtspUrl, width, height]);

  const start = () => {
    setError(null);
    setWatching(true);
  };
  const stop = () => {
    // The stream itself ends only when nobody else reads it, which the server decides.
    const stopping = client.current;
    setWatching(false);
    stopping?.disconnect();
    void stopping?.stopStream();
  };

  return (
    <div className={`rtsp-stream-viewer ${className}`.trim()}>
      <canvas
        ref={canvas}
        width={width}
        height={height}
        aria-label={`Live picture of ${streamId}`}
        style={{ display: 'block', maxWidth: '100%', height: 'auto' }}
      />
      <div className="stream-controls">
        <button type="button" onClick={watching ? stop : start}>
          {watching ? 'Stop' : 'Start'}
        </button>
        <span className={`status ${state}`} role="status">
          {STATE_WORDS[state]}
        </span>
        {watching && stats && stats.framesReceived > 0 && (
          <span className="stats" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {stats.averageFps.toFixed(1)} fps, {stats.framesReceived} frames
          </span>
        )}
      </div>
      {error && (
        <div className="error-message" role="alert">
          {error}
        </div>
      )}
    </div>
  );
}

export default RTSPStreamViewer;
