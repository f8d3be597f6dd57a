'use client';
// RTSPStreamViewer: one stream with start, stop, its state in words and what is wrong with it.
import type { FrameFormat } from './format';
import { type StreamState, type UseRTSPStreamOptions, useRTSPStream } from './useRTSPStream';

export {
  type RTSPStream,
  type StreamState,
  type UseRTSPStreamOptions,
  useRTSPStream,
} from './useRTSPStream';

export interface RTSPStreamViewerProps extends UseRTSPStreamOptions {
  className?: string;
}

const STATE_WORDS: Record<StreamState, string> = {
  disconnected: 'Disconnected',
  connecting: 'Connecting',
  waiting: 'Connected, waiting for pictures',
  live: 'Live',
  reconnecting: 'Reconnecting',
  failed: 'Not started',
};

const FORMAT_WORDS: Record<FrameFormat, string> = {
  bgr24: 'raw',
  jpeg: 'JPEG',
  h264: 'H.264',
  h265: 'H.265',
};

export function RTSPStreamViewer({ className = '', ...options }: RTSPStreamViewerProps) {
  const { ref, state, error, stats, watching, start, stop, retry } = useRTSPStream(options);
  const { width = 640, height = 480 } = options;
  return (
    <div className={`rtsp-stream-viewer ${className}`.trim()} data-state={state}>
      {/* An old picture must not pass for a live one. */}
      <div
        ref={ref}
        className="stream-picture"
        style={{
          width,
          maxWidth: '100%',
          minHeight: stats?.framesDrawn ? undefined : height,
          opacity: state === 'live' ? 1 : 0.4,
          background: '#000',
        }}
      />
      <div className="stream-controls">
        <button type="button" onClick={watching ? stop : start}>
          {watching ? 'Stop' : 'Start'}
        </button>
        <span className={`status ${state}`} role="status">
          {STATE_WORDS[state]}
        </span>
        {state === 'live' && stats && (
          <span className="stats" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {stats.averageFps.toFixed(1)} fps, {stats.framesReceived} frames
            {stats.format && `, ${FORMAT_WORDS[stats.format]}`}
          </span>
        )}
      </div>
      {error && (
        <div className="error-message">
          <span role="alert">{error}</span>{' '}
          <button type="button" onClick={retry}>
            Retry
          </button>
        </div>
      )}
    </div>
  );
}

export default RTSPStreamViewer;
