import { beforeEach, expect, test, vi } from 'vitest';
import { Picture } from '../src/player/picture';

let holder: HTMLElement;
let picture: Picture;
const onFirst = vi.fn();
const facts = (count: number, capturedAt = 1000) => ({
  format: 'h264' as const,
  count,
  dropped: 1,
  width: 640,
  height: 360,
  capturedAt,
  shownAt: capturedAt + 40,
});
const visible = () =>
  [...holder.querySelectorAll<HTMLElement>('canvas, video')].filter(
    (each) => each.style.visibility === 'visible',
  );

beforeEach(() => {
  onFirst.mockClear();
  holder = document.createElement('div');
  picture = new Picture(holder, 'tile-img-porch', onFirst);
});

test('a canvas is seen when there is a picture on it, and takes the place of the former', () => {
  const first = picture.surface('canvas');
  expect(visible()).toEqual([]);
  expect(picture.facts()).toBeNull();
  first.painted(facts(5));
  expect(visible()).toEqual([first.surface]);
  expect(onFirst).toHaveBeenCalledOnce();
  expect(picture.shown).toEqual({ capturedAt: 1000, shownAt: 1040 });

  const gone = vi.fn();
  first.onGone(gone);
  const second = picture.surface('canvas');
  expect(visible()).toEqual([first.surface]);
  expect(gone).not.toHaveBeenCalled();
  second.painted(facts(2, 2000));
  expect(visible()).toEqual([second.surface]);
  expect(gone).toHaveBeenCalledOnce();
  expect(second.surface.dataset.testid).toBe('tile-img-porch');
  // Counters go on.
  expect(picture.facts()).toMatchObject({ count: 7, dropped: 2, capturedAt: 2000 });
  expect(onFirst).toHaveBeenCalledOnce();
});

test('a canvas that never got a picture makes room for the next', () => {
  const gone = vi.fn();
  picture.surface('canvas').onGone(gone);
  picture.surface('canvas');
  expect(gone).toHaveBeenCalledOnce();
  expect(holder.querySelectorAll('canvas')).toHaveLength(1);
});

test('the end lets go of every canvas, and news of them are none', () => {
  const place = picture.surface('canvas');
  const gone = vi.fn();
  place.onGone(gone);
  picture.end();
  expect(gone).toHaveBeenCalledOnce();
  place.painted(facts(1));
  expect(picture.shown).toBeNull();
});
