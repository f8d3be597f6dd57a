// index.html?server=ws://localhost:8080&stream=camera1&url=rtsp://…
import { RTSPStreamViewer, useRTSPStream } from 'fanlight-client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

const query = new URLSearchParams(location.search);
const serverUrl = query.get('server') ?? 'ws://localhost:8080';
const streamId = query.get('stream') ?? 'camera1';
const rtspUrl = query.get('url') ?? '';

/** The whole of it: picture, Start and Stop, the state in words, errors with Retry. */
function Viewer() {
  return (
    <RTSPStreamViewer
      serverUrl={serverUrl}
      streamId={streamId}
      rtspUrl={rtspUrl}
      width={640}
      height={360}
      autoStart
    />
  );
}

/** A page of one's own around the same stream: index.html?hook */
function Own() {
  const { ref, state, error, stats, retry } = useRTSPStream({
    serverUrl,
    streamId,
    rtspUrl,
    width: 640,
    height: 360,
    autoStart: true,
  });
  return (
    <figure style={{ margin: 0 }}>
      <div ref={ref} />
      <figcaption role="status">
        {state} {stats?.format}
      </figcaption>
      {error && (
        <button type="button" onClick={retry}>
          {error}: try again
        </button>
      )}
    </figure>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>{query.has('hook') ? <Own /> : <Viewer />}</StrictMode>,
);
