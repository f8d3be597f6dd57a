// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RTSPStreamViewer, type RTSPStreamViewerProps, useRTSPStream } from '../src/react';
import { eventually, startServer, type TestServer } from './server';

let server: TestServer;

beforeEach(async () => {
  // jsdom has no canvas; what is drawn is none of this file's business.
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  server = await startServer();
  server.answer('GET /api/streams/porch/stats', 200, { stream_id: 'porch', width: 4, height: 2 });
});
afterEach(async () => {
  cleanup();
  await server.close();
});

function viewer(autoStart: boolean, more: Partial<RTSPStreamViewerProps> = {}) {
  return render(
    <StrictMode>
      <RTSPStreamViewer
        serverUrl={server.url}
        streamId="porch"
        rtspUrl="rtsp://cam/1"
        width={4}
        height={2}
        autoStart={autoStart}
        {...more}
      />
    </StrictMode>,
  );
}

test('autoStart under StrictMode starts the stream and keeps exactly one connection', async () => {
  server.answer('POST /api/streams', 200, { stream_id: 'porch', width: 4, height: 2 });
  const view = viewer(true);
  await eventually('connected', () => server.open() === 1);
  await screen.findByText('Connected, waiting for pictures');
  server.send(new Uint8Array(24));
  await screen.findByText(/1 frames, raw/);
  expect(screen.getByRole('status').textContent).toBe('Live');
  expect(screen.getByRole('img', { name: 'Live picture of porch' }).tagName).toBe('CANVAS');
  expect(server.sockets).toHaveLength(1);
  expect(server.open()).toBe(1);
  view.unmount();
  await eventually('left', () => server.open() === 0);
  expect(server.requests.map((r) => r.line)).not.toContain('DELETE /api/streams/porch');
});

test('without autoStart nothing happens until Start, and Stop stops', async () => {
  server.answer('POST /api/streams', 200, { stream_id: 'porch', width: 4, height: 2 });
  server.answer('DELETE /api/streams/porch', 200, {});
  viewer(false);
  expect(server.requests).toHaveLength(0);
  fireEvent.click(screen.getByRole('button', { name: 'Start' }));
  await screen.findByText('Connected, waiting for pictures');
  fireEvent.click(screen.getByRole('button', { name: 'Stop' }));
  await eventually('stopped', () => server.requests.at(-1)?.line === 'DELETE /api/streams/porch');
  await eventually('left', () => server.open() === 0);
});

test("the server's refusal is shown, and Retry tries again", async () => {
  server.answer('POST /api/streams', 422, { error: 'That is not a camera address' });
  const onError = vi.fn();
  viewer(true, { onError });
  expect((await screen.findByRole('alert')).textContent).toBe('That is not a camera address');
  expect(screen.getByRole('status').textContent).toBe('Not started');
  expect(onError).toHaveBeenCalledWith('That is not a camera address');
  server.answer('POST /api/streams', 200, { stream_id: 'porch', width: 4, height: 2 });
  fireEvent.click(screen.getByRole('button', { name: 'Retry' }));
  await screen.findByText('Connected, waiting for pictures');
  expect(screen.queryByRole('alert')).toBeNull();
  expect(server.open()).toBe(1);
});

test('another stream is another connection, and the first ends', async () => {
  server.answer('GET /api/streams/yard/stats', 200, { stream_id: 'yard', width: 4, height: 2 });
  const view = render(<RTSPStreamViewer serverUrl={server.url} streamId="porch" autoStart />);
  await eventually('connected', () => server.open() === 1);
  view.rerender(<RTSPStreamViewer serverUrl={server.url} streamId="yard" autoStart />);
  await eventually('moved', () => server.sockets.length === 2 && server.open() === 1);
  expect(server.sockets[1]).toBe('/ws/yard?credit=1');
});

test('the hook gives frames to the page and takes its element', async () => {
  const sizes: string[] = [];
  function Page() {
    const stream = useRTSPStream({
      serverUrl: server.url,
      streamId: 'porch',
      autoStart: true,
      label: 'The porch',
      onFrame: (bytes, width, height) => sizes.push(`${width}x${height}: ${bytes.length}`),
    });
    return <figure ref={stream.ref} data-state={stream.state} />;
  }
  render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
  await eventually('connected', () => server.open() === 1);
  screen.getByRole('img', { name: 'The porch' });
  await eventually('a frame', () => {
    server.send(new Uint8Array(24));
    return sizes.length > 0;
  });
  expect(sizes[0]).toBe('4x2: 24');
});

test('on a server it renders without a window', () => {
  expect(renderToString(<RTSPStreamViewer autoStart className="tile" />)).toContain('tile');
});
