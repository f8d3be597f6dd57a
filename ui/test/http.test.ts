import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HttpBackend } from '../src/backend/http';
import { wayOf } from '../src/backend/way';
import type { Video } from '../src/backend/wire';

const clients = vi.hoisted(() => ({ all: [] as FakeClient[], feedsVideo: false }));
interface FakeClient {
  name: string;
  open: boolean;
  destroyed: boolean;
  canvas: string | null;
  video: string | null;
  stats: Record<string, unknown>;
}
vi.mock('fanlight-client', () => ({
  canFeedVideo: () => clients.feedsVideo,
  RTSPStreamClient: class {
    name: string;
    open = false;
    destroyed = false;
    canvas: string | null = null;
    video: string | null = null;
    stats: Record<string, unknown> = { format: null, lastDrawn: null };
    constructor(
      _url: string,
      id: string,
      { format, stream, width }: { format: string; stream: string; width: number },
    ) {
      this.name = `${id} ${format} ${stream} ${width}`;
      clients.all.push(this);
    }
    setupCanvas(canvas: HTMLElement) {
      this.canvas = canvas.id;
    }
    setupVideo(video: HTMLElement) {
      this.video = video.id;
    }
    connect() {
      this.open = true;
    }
    disconnect() {
      this.open = false;
    }
    destroy() {
      this.destroyed = true;
    }
    getStats() {
      return this.stats;
    }
  },
}));

const tile = (key: number, streamId: string, width = 320) => ({
  key,
  streamId,
  width,
  height: (width * 9) / 16,
});
const open = () => clients.all.filter((client) => client.open).map((client) => client.name);

describe('watching', () => {
  let backend: HttpBackend;
  const painted = vi.fn();
  let gone: (() => void)[];

  beforeEach(async () => {
    vi.useFakeTimers();
    clients.all.length = 0;
    gone = [];
    painted.mockClear();
    backend = new HttpBackend('http://127.0.0.1:8080');
    const hd = { codec: 'h264', width: 1920, height: 1080 };
    const sd = { codec: 'h264', width: 640, height: 360 };
    const streams = [
      { stream_id: 'porch', video: sd },
      { stream_id: 'yard', video: hd, substream: { rtsp_url: '', video: sd } },
    ];
    vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ streams })));
    await backend.listStreams();
    backend.onSurface((key, kind) => ({
      surface: Object.assign(document.createElement(kind), { id: `${kind} ${key}` }),
      painted,
      onGone: (call) => gone.push(call),
    }));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('opens and closes only what changed', () => {
    backend.watch([tile(1, 'porch'), tile(2, 'yard')]);
    expect(open()).toEqual(['porch auto main 320', 'yard auto sub 320']);
    backend.watch([tile(2, 'yard')]);
    expect(open()).toEqual(['yard auto sub 320']);
    expect(clients.all).toHaveLength(2);
    backend.watch([]);
    expect(open()).toEqual([]);
  });

  test('a larger picture of the same stream needs nothing new, of the other one it does', () => {
    backend.watch([tile(2, 'yard')]);
    const [first] = clients.all;
    if (first) first.stats = { format: 'h264', lastDrawn: null };
    backend.watch([tile(2, 'yard', 640)]);
    expect(clients.all).toHaveLength(1);
    backend.watch([tile(2, 'yard', 1280)]);
    expect(open()).toEqual(['yard auto main 1280']);
  });

  test('JPEG pictures are asked for at each new size', () => {
    backend.watch([tile(1, 'porch')]);
    const [first] = clients.all;
    if (first) first.stats = { format: 'jpeg', lastDrawn: null };
    backend.watch([tile(1, 'porch', 480)]);
    expect(open()).toEqual(['porch auto main 480']);
  });

  test('a worker lives as long as its canvas is looked at', () => {
    backend.watch([tile(1, 'porch')]);
    backend.watch([]);
    expect(clients.all[0]).toMatchObject({ open: false, destroyed: false, canvas: 'canvas 1' });
    gone[0]?.();
    expect(clients.all[0]?.destroyed).toBe(true);
  });

  test('a video shows the pictures where the browser can feed one', () => {
    clients.feedsVideo = true;
    const fed = new HttpBackend('http://127.0.0.1:8080');
    clients.feedsVideo = false;
    const surface = Object.assign(document.createElement('video'), { id: 'a video' });
    fed.onSurface((_, kind) => (kind === 'video' ? { surface, painted, onGone: vi.fn() } : null));
    fed.watch([tile(1, 'porch')]);
    expect(clients.all[0]).toMatchObject({ canvas: null, video: 'a video' });
  });

  test('what was painted is told, and nothing while nobody watches', () => {
    backend.watch([tile(1, 'porch')]);
    const lastDrawn = { width: 640, height: 360, captureTime: 1000, drawnAt: 1040 };
    const [first] = clients.all;
    const stats = { format: 'h264', framesDrawn: 9, framesMissed: 2, framesDropped: 1, lastDrawn };
    if (first) first.stats = stats;
    vi.advanceTimersByTime(250);
    expect(painted).toHaveBeenCalledExactlyOnceWith({
      format: 'h264',
      count: 9,
      dropped: 3,
      width: 640,
      height: 360,
      capturedAt: 1000,
      shownAt: 1040,
    });
    backend.watch([]);
    vi.advanceTimersByTime(1000);
    expect(painted).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the way to a picture', () => {
  const video = (width: number) => ({ codec: 'h264', width, height: (width * 9) / 16 }) as Video;
  const size = (width: number) => ({ width, height: (width * 9) / 16 });
  const sub = (width: number | null) => ({ rtsp_url: '', video: width ? video(width) : null });

  test.each([
    ['one stream', 640, { video: video(640) }, 'auto', 'main'],
    ['a tile', 640, { video: video(1920), substream: sub(640) }, 'auto', 'sub'],
    ['alone', 1280, { video: video(1920), substream: sub(640) }, 'auto', 'main'],
    [
      'a substream nobody has seen',
      480,
      { video: video(1920), substream: sub(null) },
      'auto',
      'sub',
    ],
    ['the same, larger', 960, { video: video(1920), substream: sub(null) }, 'auto', 'main'],
    ['far more pixels than are shown', 320, { video: video(1920) }, 'jpeg', 'main'],
    ['not told yet', 320, { video: null }, 'auto', 'main'],
  ] as const)('%s', (_name, width, camera, format, stream) => {
    expect(wayOf(size(width), camera)).toEqual({ format, stream });
  });
});

describe('requests', () => {
  test('a server that is gone is told apart from a refusal', async () => {
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('failed')));
    const asked = new HttpBackend('http://127.0.0.1:1').listStreams();
    await expect(asked).rejects.toMatchObject({ code: 'unreachable', status: 0 });
  });

  test('removing forces, because the dialog has asked already', async () => {
    const fetched = vi.fn().mockResolvedValue(new Response('{}'));
    vi.stubGlobal('fetch', fetched);
    await new HttpBackend('http://h').removeStream('porch');
    expect(fetched).toHaveBeenCalledWith(
      'http://h/api/streams/porch/force',
      expect.objectContaining({ method: 'DELETE' }),
    );
  });

  test('an answer that is no JSON is an error, not a crash', async () => {
    vi.stubGlobal('fetch', vi.fn().mockResolvedValue(new Response('<html>', { status: 502 })));
    await expect(new HttpBackend('http://h').info()).rejects.toMatchObject({ status: 502 });
  });
});
