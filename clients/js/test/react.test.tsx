// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { StrictMode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RTSPStreamViewer } from '../src/react';
import { eventually, startServer, type TestServer } from './server';

let server: TestServer;

beforeEach(async () => {
  // jsdom has no canvas; what is drawn is none of this file's business.
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  server = await startServer();
});
afterEach(async () => {
  cleanup();
  await server.close();
});

function viewer(autoStart: boolean) {
  return render(
    <StrictMode>
      <RTSPStreamViewer
        serverUrl={server.url}
        streamId="porch"
        rtspUrl="rtsp://cam/1"
        width={4}
        height={2}
        autoStart={autoStart}
      />
    </StrictMode>,
  );
}

test('autoStart under StrictMode starts the stream and keeps exactly one connection', async () => {
  server.answer('POST /api/streams', 200, { stream_id: 'porch', width: 4, height: 2 });
  const view = viewer(true);
  await eventually('connected', () => server.open() === 1);
  await screen.findByText('Connected');
  server.send(new Uint8Array(24));
  await screen.findByText(/1 frames/);
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
  await screen.findByText('Connected');
  fireEvent.click(screen.getByRole('button', { name: 'Stop' }));
  await eventually('stopped', () => server.requests.at(-1)?.line === 'DELETE /api/streams/porch');
  await eventually('left', () => server.open() === 0);
});

test("the server's refusal is shown", async () => {
  server.answer('POST /api/streams', 422, { error: 'That is not a camera address' });
  viewer(true);
  expect((await screen.findByRole('alert')).textContent).toBe('That is not a camera address');
});
