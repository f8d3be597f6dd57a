// The way of a picture inside the page: who gives tiles something to paint on, and when.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FrameHub } from '../src/player/hub';
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
    const painted = vi.fn();
    const surface = vi.fn((kind: 'canvas' | 'video') => ({
      surface: document.createElement(kind),
      painted,
      onGone: vi.fn(),
    }));
    const handle = hub.add(streamId, { surface });
    handle.setSize(SMALL);
    handle.setVisible(true);
    return { painted, handle };
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

  test('pictures reach their own tile only', () => {
    const porch = tile('porch');
    const garden = tile('garden');
    vi.runAllTimers();
    backend.frame(2);
    expect(garden.painted).toHaveBeenCalledOnce();
    expect(porch.painted).not.toHaveBeenCalled();
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
