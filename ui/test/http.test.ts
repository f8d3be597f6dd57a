import { beforeEach, describe, expect, test, vi } from 'vitest';
import { HttpBackend } from '../src/backend/http';

const sockets = vi.hoisted(() => ({ opened: [] as string[], closed: [] as string[] }));
vi.mock('fanlight-client', () => ({
  RTSPStreamClient: class {
    name: string;
    constructor(_url: string, streamId: string, options: { width: number; height: number }) {
      this.name = `${streamId} ${options.width}x${options.height}`;
    }
    onFrame(take: (...frame: unknown[]) => void) {
      const jpeg = new Uint8Array([1]);
      queueMicrotask(() => take(jpeg, 2, 2, { sequence: 7, captureTime: 1000 }));
    }
    connect() {
      sockets.opened.push(this.name);
    }
    disconnect() {
      sockets.closed.push(this.name);
    }
  },
}));

const tile = (key: number, streamId: string, width = 320) => ({
  key,
  streamId,
  width,
  height: 180,
});

describe('watching', () => {
  beforeEach(() => {
    sockets.opened.length = 0;
    sockets.closed.length = 0;
  });

  test('opens and closes only what changed', () => {
    const backend = new HttpBackend('http://127.0.0.1:8080');
    backend.watch([tile(1, 'porch'), tile(2, 'garden')]);
    backend.watch([tile(1, 'porch'), tile(2, 'garden', 640), tile(3, 'yard')]);
    expect(sockets.opened).toEqual([
      'porch 320x180',
      'garden 320x180',
      'garden 640x180',
      'yard 320x180',
    ]);
    expect(sockets.closed).toEqual(['garden 320x180']);
    backend.watch([]);
    expect(sockets.closed).toHaveLength(4);
  });

  test('frames carry the key of their tile', async () => {
    const backend = new HttpBackend('http://127.0.0.1:8080');
    const take = vi.fn();
    backend.onFrame(take);
    backend.watch([tile(5, 'porch')]);
    await Promise.resolve();
    const jpeg = new Uint8Array([1]);
    expect(take).toHaveBeenCalledWith({ key: 5, sequence: 7, capturedAt: 1000, jpeg });
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
