// The way of a frame inside the page: backend, hub, picture.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readFrames } from '../src/backend/packets';
import { FrameHub } from '../src/player/hub';
import { Picture } from '../src/player/picture';
import { FakeBackend } from './fakes';

function setVisibility(state: 'visible' | 'hidden') {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('the hub', () => {
  const SMALL = { width: 320, height: 180 };
  const LARGE = { width: 1280, height: 720 };
  let backend: FakeBackend;
  let hub: FrameHub;

  beforeEach(() => {
    vi.useFakeTimers();
    backend = new FakeBackend();
    hub = new FrameHub(backend);
  });
  afterEach(() => {
    hub.end();
    vi.useRealTimers();
  });

  function tile(streamId: string) {
    const show = vi.fn();
    const handle = hub.add(streamId, { show, surface: vi.fn() });
    handle.setSize(SMALL);
    handle.setVisible(true);
    return { show, handle };
  }
  const last = () => backend.watched.at(-1);

  test('tiles that come together are declared once', () => {
    tile('porch');
    tile('garden');
    vi.runAllTimers();
    expect(backend.watched).toEqual([
      [
        { key: 1, streamId: 'porch', ...SMALL },
        { key: 2, streamId: 'garden', ...SMALL },
      ],
    ]);
  });

  test('frames reach their own tile only', () => {
    const porch = tile('porch');
    const garden = tile('garden');
    vi.runAllTimers();
    backend.frame(2, 7);
    expect(garden.show).toHaveBeenCalledOnce();
    expect(porch.show).not.toHaveBeenCalled();
  });

  test('a tile off screen is unwatched', () => {
    tile('porch');
    const garden = tile('garden');
    vi.runAllTimers();
    garden.handle.setVisible(false);
    vi.runAllTimers();
    expect(last()?.map(({ streamId }) => streamId)).toEqual(['porch']);
  });

  test('a hidden page watches nothing, and everything again when it returns', () => {
    tile('porch');
    vi.runAllTimers();
    setVisibility('hidden');
    vi.runAllTimers();
    expect(last()).toEqual([]);
    setVisibility('visible');
    vi.runAllTimers();
    expect(last()).toHaveLength(1);
  });

  test('resizing asks for the last size only, and only when it has paused', () => {
    const { handle } = tile('porch');
    vi.runAllTimers();
    for (const width of [480, 640, 960]) {
      handle.setSize({ width, height: 100 });
      vi.advanceTimersByTime(100);
    }
    handle.setSize(LARGE);
    expect(backend.watched).toHaveLength(1);
    vi.runAllTimers();
    expect(backend.watched).toHaveLength(2);
    expect(last()?.[0]).toMatchObject(LARGE);
  });

  test('ending lets go of everything', () => {
    tile('porch');
    vi.runAllTimers();
    hub.end();
    expect(last()).toEqual([]);
  });

  test("this window's own tiles are not counted as other readers", () => {
    tile('porch');
    vi.runAllTimers();
    expect(hub.othersReading({ stream_id: 'porch', client_count: 3 })).toBe(2);
    expect(hub.othersReading({ stream_id: 'garden', client_count: 3 })).toBe(3);
    // The count may be a moment older than our tile.
    expect(hub.othersReading({ stream_id: 'porch', client_count: 0 })).toBe(0);
  });
});

describe('the picture', () => {
  let decoding: { done: () => void; fail: () => void }[];
  let holder: HTMLElement;
  let picture: Picture;
  const onFirst = vi.fn();
  const settle = () => new Promise<void>((done) => setTimeout(done));
  const jpeg = (n: number) => new Uint8Array([n]);
  const front = () => holder.querySelector<HTMLImageElement>('[data-testid=tile-img-porch]');

  beforeEach(() => {
    decoding = [];
    onFirst.mockClear();
    HTMLImageElement.prototype.decode = () =>
      new Promise<void>((done, fail) => decoding.push({ done, fail }));
    holder = document.createElement('div');
    picture = new Picture(holder, 'tile-img-porch', onFirst);
  });

  test('the newest wins while one is being decoded', async () => {
    for (const n of [1, 2, 3, 4]) picture.show(jpeg(n), n);
    expect(decoding).toHaveLength(1);
    decoding[0]?.done();
    await settle();
    expect(decoding).toHaveLength(2);
    decoding[1]?.done();
    await settle();
    expect(picture.shown?.capturedAt).toBe(4);
    expect(URL.createObjectURL).toHaveBeenCalledTimes(2);
    expect(onFirst).toHaveBeenCalledOnce();
  });

  test('a picture appears only when decoded, and the former is released then', async () => {
    picture.show(jpeg(1), 1);
    expect(front()).toBeNull();
    decoding[0]?.done();
    await settle();
    expect(front()?.src).toBe('blob:test/0');
    picture.show(jpeg(2), 2);
    expect(front()?.src).toBe('blob:test/0');
    expect(URL.revokeObjectURL).not.toHaveBeenCalledWith('blob:test/0');
    decoding[1]?.done();
    await settle();
    expect(front()?.src).toBe('blob:test/1');
    expect(front()?.style.visibility).toBe('visible');
    expect(URL.revokeObjectURL).toHaveBeenCalledWith('blob:test/0');
  });

  test('a broken picture leaves the last good one', async () => {
    picture.show(jpeg(1), 1);
    decoding[0]?.done();
    await settle();
    picture.show(jpeg(2), 2);
    decoding[1]?.fail();
    await settle();
    expect(front()?.src).toBe('blob:test/0');
    expect(picture.shown?.capturedAt).toBe(1);
    expect(URL.revokeObjectURL).toHaveBeenCalledWith('blob:test/1');
  });

  test('the end releases what is shown and what is being decoded', async () => {
    picture.show(jpeg(1), 1);
    decoding[0]?.done();
    await settle();
    picture.show(jpeg(2), 2);
    picture.end();
    decoding[1]?.done();
    await settle();
    expect(URL.revokeObjectURL).toHaveBeenCalledWith('blob:test/0');
    expect(URL.revokeObjectURL).toHaveBeenCalledWith('blob:test/1');
    expect(holder.children).toHaveLength(0);
  });
});

describe('the bytes of next_frames', () => {
  function record(key: number, sequence: number, jpeg: number[]): number[] {
    const bytes = new Uint8Array(24 + jpeg.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, jpeg.length, true);
    view.setUint32(4, key, true);
    view.setBigUint64(8, BigInt(sequence), true);
    view.setBigUint64(16, 1_700_000_000_500_000_000n, true);
    bytes.set(jpeg, 24);
    return [...bytes];
  }
  const answer = (bytes: number[]) => new Uint8Array(bytes).buffer;

  test('records follow each other without padding', () => {
    const frames = readFrames(answer([...record(3, 9, [1, 2, 3]), ...record(4, 1, [])]));
    expect(frames.map(({ jpeg, ...frame }) => ({ ...frame, jpeg: [...jpeg] }))).toEqual([
      { key: 3, sequence: 9, capturedAt: 1_700_000_000_500, jpeg: [1, 2, 3] },
      { key: 4, sequence: 1, capturedAt: 1_700_000_000_500, jpeg: [] },
    ]);
  });

  test('a record cut short is left out', () => {
    expect(readFrames(answer(record(3, 9, [1, 2, 3]).slice(0, -1)))).toEqual([]);
    expect(readFrames(answer([]))).toEqual([]);
  });
});
