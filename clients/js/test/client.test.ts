import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket as NodeWebSocket } from 'ws';
import { type ClientOptions, type FrameStats, RTSPStreamClient } from '../src/index';
import { eventually, startServer, type TestServer, withHeader } from './server';

let server: TestServer;
let client: RTSPStreamClient;

function camera(options: ClientOptions = {}): RTSPStreamClient {
  client = new RTSPStreamClient(server.url, 'camera1', {
    WebSocket: NodeWebSocket as unknown as typeof WebSocket,
    reconnectDelayMs: { first: 20, max: 60 },
    ...options,
  });
  return client;
}

/** The frames a client was given, as plain values. */
function frames(of: RTSPStreamClient) {
  const seen: { bytes: number[]; width: number; height: number; stats: FrameStats }[] = [];
  of.onFrame((bytes, width, height, stats) =>
    seen.push({ bytes: [...bytes], width, height, stats }),
  );
  return seen;
}

beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  client?.disconnect();
  await server.close();
});

describe('requests', () => {
  test('startStream posts id, url and size and says true', async () => {
    server.answer('POST /api/streams', 200, { stream_id: 'camera1', width: 320, height: 240 });
    expect(await camera().startStream('rtsp://cam/1', 320, 240)).toBe(true);
    expect(server.requests[0]?.body).toEqual({
      stream_id: 'camera1',
      rtsp_url: 'rtsp://cam/1',
      width: 320,
      height: 240,
    });
  });

  test("a refusal is false, and onError gets the server's sentence", async () => {
    server.answer('POST /api/streams', 409, { error: 'camera1 already shows another camera' });
    const errors: string[] = [];
    camera().onError((message) => errors.push(message));
    expect(await client.startStream('rtsp://cam/2')).toBe(false);
    expect(errors).toEqual(['camera1 already shows another camera']);
  });

  test('startStreamWithURL adopts the id the server derived', async () => {
    server.answer('POST /api/streams/start-with-url', 200, { stream_id: 'stream_0123abcd' });
    expect(await camera().startStreamWithURL('rtsp://cam/1')).toBe(true);
    expect(client.streamId).toBe('stream_0123abcd');
  });

  test('stop, force stop, stats and list', async () => {
    server.answer('DELETE /api/streams/camera1', 409, { error: 'in use', client_count: 2 });
    server.answer('DELETE /api/streams/camera1/force', 200, {});
    server.answer('GET /api/streams/camera1/stats', 200, { stream_id: 'camera1', frame_count: 5 });
    server.answer('GET /api/streams', 200, { streams: [{ stream_id: 'camera1' }] });
    expect(await camera().stopStream()).toBe(false);
    expect(await client.forceStopStream()).toBe(true);
    expect((await client.getStreamStats())?.frame_count).toBe(5);
    expect((await client.listStreams()).map((s) => s.stream_id)).toEqual(['camera1']);
  });

  test('a server that is not there is told, not thrown', async () => {
    const gone = new RTSPStreamClient('ws://127.0.0.1:1', 'camera1');
    const onError = vi.fn();
    gone.onError(onError);
    expect(await gone.listStreams()).toEqual([]);
    expect(onError).toHaveBeenCalledOnce();
  });
});

describe('frames', () => {
  test('raw messages carry the size the stream was started with', async () => {
    server.answer('POST /api/streams', 200, { stream_id: 'camera1', width: 2, height: 1 });
    const seen = frames(camera());
    await client.startStream('rtsp://cam/1', 2, 1);
    client.connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    server.send(new Uint8Array([1, 2, 3, 4, 5, 6]));
    await eventually('a frame', () => seen.length === 1);
    expect(seen[0]).toMatchObject({ bytes: [1, 2, 3, 4, 5, 6], width: 2, height: 1 });
    expect(server.sockets).toEqual(['/ws/camera1?credit=1']);
  });

  test('the size of a stream that someone else started is asked for once', async () => {
    server.answer('GET /api/streams/camera1/stats', 200, { width: 1, height: 2 });
    const seen = frames(camera());
    client.connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    server.send(new Uint8Array(6));
    await eventually('asked', () => server.requests.length === 1);
    await eventually('a frame', () => {
      server.send(new Uint8Array(6));
      return seen.length > 0;
    });
    expect(seen[0]).toMatchObject({ width: 1, height: 2 });
    expect(server.requests).toHaveLength(1);
  });

  test('jpeg messages bring sequence, time and size, and gaps are counted', async () => {
    const seen = frames(camera({ format: 'jpeg', width: 640, height: 360 }));
    client.connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    server.send(withHeader(10, 640, 360, 1, [0xff, 0xd8]));
    server.send(withHeader(14, 640, 360, 1, [0xff, 0xd9], { missed: 3 }));
    await eventually('two frames', () => seen.length === 2);
    expect(server.sockets).toEqual([
      '/ws/camera1?format=jpeg&header=1&width=640&height=360&credit=1',
    ]);
    expect(seen[1]).toMatchObject({ bytes: [0xff, 0xd9], width: 640, height: 360 });
    expect(seen[1]?.stats).toMatchObject({
      sequence: 14,
      captureTime: 1_700_000_000_123,
      framesMissed: 3,
      framesReceived: 2,
      bytesReceived: 4,
    });
    client.resetStats();
    expect(client.getStats().framesReceived).toBe(0);
  });
});

describe('credit', () => {
  test('each frame is answered with a request for the next, after onFrame has returned', async () => {
    camera({ format: 'jpeg' }).connect();
    let askedInside = -1;
    client.onFrame(() => {
      askedInside = server.asked;
    });
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    expect(server.asked).toBe(0);
    for (const number of [1, 2, 3]) {
      server.send(withHeader(number, 2, 2, 1, [0]));
      await eventually('asked', () => server.asked === number);
      expect(askedInside).toBe(number - 1);
    }
  });

  test('a frame of unknown size is asked for again, too', async () => {
    server.answer('GET /api/streams/camera1/stats', 200, { width: 9, height: 9 });
    camera().connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    server.send(new Uint8Array(5));
    await eventually('asked', () => server.asked === 1);
  });
});

describe('format auto', () => {
  const stats = 'GET /api/streams/camera1/stats';

  test('is jpeg, and says why, where nothing decodes the camera', async () => {
    server.answer(stats, 200, { video: { codec: 'h264' }, status: { state: 'online' } });
    camera({ format: 'auto', width: 640 }).connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    expect(server.sockets).toEqual(['/ws/camera1?format=jpeg&header=1&width=640&credit=1']);
    expect(client.getStats()).toMatchObject({
      format: 'jpeg',
      fallback: expect.stringContaining('WebCodecs'),
    });
  });

  test('is raw pixels on a server that tells nothing of cameras', async () => {
    server.answer(stats, 200, { stream_id: 'camera1', width: 2, height: 1 });
    camera({ format: 'auto' }).connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    expect(server.sockets).toEqual(['/ws/camera1?credit=1']);
    expect(client.getStats().format).toBe('bgr24');
  });

  test('waits a moment for a camera that is being connected', async () => {
    server.answer(stats, 200, { video: null, status: { state: 'connecting' } });
    camera({ format: 'auto' }).connect();
    await eventually('asked twice', () => server.requests.length >= 2);
    expect(server.sockets).toEqual([]);
    server.answer(stats, 200, { video: { codec: 'mjpeg' }, status: { state: 'online' } });
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    expect(client.getStats()).toMatchObject({ format: 'jpeg', fallback: 'the camera sends mjpeg' });
  });

  test('goes by the codec of the substream when that is wanted', async () => {
    const sub = { video: { codec: 'h264' } };
    server.answer(stats, 200, { video: { codec: 'h265' }, substream: sub });
    camera({ format: 'h264', stream: 'sub' }).connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    expect(server.sockets).toEqual(['/ws/camera1?format=h264&header=1&stream=sub&credit=8']);
  });

  test('a substream that was never connected begins with pictures', async () => {
    server.answer(stats, 200, { video: { codec: 'h264' }, substream: { video: null } });
    camera({ format: 'h264', stream: 'sub', width: 320 }).connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    server.answer(stats, 200, {
      video: { codec: 'h264' },
      substream: { video: { codec: 'h264' } },
    });
    server.send(withHeader(1, 2, 2, 1, [0xff]));
    await eventually('again', () => server.sockets.length === 2);
    expect(server.sockets[1]).toBe('/ws/camera1?format=h264&header=1&stream=sub&credit=8');
  });

  test('of a stream that is not there is tried again and told', async () => {
    const errors: string[] = [];
    server.answer(stats, 404, { error: 'there is no stream camera1' });
    camera({ format: 'auto' }).onError((message) => errors.push(message));
    client.connect();
    await eventually('tries', () => client.getConnectionStatus().reconnectAttempts >= 2);
    expect(errors[0]).toBe('there is no stream camera1');
    server.answer(stats, 200, { video: { codec: 'mjpeg' } });
    await eventually('connected', () => client.getConnectionStatus().isConnected);
  });

  test('leaves access units to whoever takes the bytes themselves', async () => {
    server.answer(stats, 200, { video: { codec: 'h264' } });
    const seen = frames(camera({ format: 'h264' }));
    client.connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    expect(server.sockets).toEqual(['/ws/camera1?format=h264&header=1&credit=8']);
    server.send(withHeader(1, 2, 2, 2, [0, 0, 1, 0x65]));
    server.send(withHeader(2, 2, 2, 2, [0, 0, 1, 0x41], { keyframe: false }));
    await eventually('two units', () => seen.length === 2);
    expect(seen.map((unit) => unit.stats.keyframe)).toEqual([true, false]);
    await eventually('asked', () => server.asked === 2);
  });
});

describe('connection', () => {
  test('a token goes as a subprotocol and as a header', async () => {
    server.answer('GET /api/streams', 200, { streams: [] });
    camera({ token: 'secret-0123456789' }).connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    expect(server.protocols).toEqual(['fanlight,fanlight.token.secret-0123456789']);
    await client.listStreams();
    expect(server.requests.at(-1)?.authorization).toBe('Bearer secret-0123456789');
  });

  test('the reason why a stream cannot be watched is told in the words of the server', async () => {
    const errors: string[] = [];
    server.refuse = true;
    server.answer('GET /api/streams/camera1/stats', 404, { error: 'there is no stream camera1' });
    camera().onError((message) => errors.push(message));
    client.connect();
    await eventually('told', () => errors.includes('there is no stream camera1'));
  });

  test('disconnect and connect at once is one connection that stays', async () => {
    const events: string[] = [];
    camera().onConnect(() => events.push('connect'));
    client.onDisconnect(() => events.push('disconnect'));
    client.connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    client.disconnect();
    client.connect();
    await eventually('connected again', () => client.getConnectionStatus().isConnected);
    await eventually('one', () => server.open() === 1);
    expect(events).toEqual(['connect', 'disconnect', 'connect']);
  });

  test('a client that was destroyed says nothing more', async () => {
    const onDisconnect = vi.fn();
    camera().connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    client.onDisconnect(onDisconnect);
    client.destroy();
    await eventually('closed', () => server.open() === 0);
    expect(onDisconnect).toHaveBeenCalledOnce();
    expect(client.getStats().framesReceived).toBe(0);
  });

  test('a lost connection comes back, through refusals, and says so', async () => {
    const events: string[] = [];
    camera().onConnect(() => events.push('connect'));
    client.onDisconnect(() => events.push('disconnect'));
    client.connect();
    await eventually('connected', () => server.open() === 1);
    server.refuse = true;
    server.dropConnections();
    await eventually('retries', () => client.getConnectionStatus().reconnectAttempts >= 3);
    expect(client.getConnectionStatus().state).toBe('reconnecting');
    server.refuse = false;
    await eventually('back', () => client.getConnectionStatus().isConnected);
    expect(events).toEqual(['connect', 'disconnect', 'connect']);
  });

  test('disconnect ends it for good', async () => {
    camera().connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    client.disconnect();
    await eventually('closed', () => server.open() === 0);
    await new Promise((wait) => setTimeout(wait, 150));
    expect(server.sockets).toHaveLength(1);
    expect(client.getConnectionStatus().state).toBe('disconnected');
  });

  test('disconnect while waiting for the next attempt cancels it', async () => {
    server.refuse = true;
    camera().connect();
    await eventually('an attempt', () => client.getConnectionStatus().reconnectAttempts >= 1);
    client.disconnect();
    server.refuse = false;
    await new Promise((wait) => setTimeout(wait, 150));
    expect(server.sockets).toHaveLength(0);
  });

  test('connect twice is one connection', async () => {
    camera().connect();
    client.connect();
    await eventually('connected', () => client.getConnectionStatus().isConnected);
    expect(server.sockets).toHaveLength(1);
  });
});
