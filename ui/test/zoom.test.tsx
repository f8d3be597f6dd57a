import { fireEvent, screen } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { panned, transformOf, WHOLE, wheelFactor, zoomed } from '../src/player/zoom';
import { camera, FakeBackend, settle, showApp } from './fakes';

describe('looking closer', () => {
  test('what is under the pointer stays there', () => {
    const point = { x: 0.25, y: 0.75 };
    const view = zoomed(WHOLE, 4, point);
    expect(view.x + 4 * 0.25).toBeCloseTo(0.25);
    expect(view.y + 4 * 0.75).toBeCloseTo(0.75);
  });

  test('between the whole and eight times', () => {
    expect(zoomed(WHOLE, 100, { x: 0.5, y: 0.5 }).scale).toBe(8);
    expect(zoomed({ scale: 2, x: -0.5, y: -1 }, 0.1, { x: 0, y: 0 })).toEqual(WHOLE);
  });

  test('there is nothing beside the picture', () => {
    expect(panned({ scale: 2, x: -0.5, y: -0.5 }, 5, -5)).toEqual({ scale: 2, x: 0, y: -1 });
    // Smaller at a corner: the picture still fills the tile.
    expect(zoomed({ scale: 4, x: -3, y: -3 }, 0.5, { x: 0, y: 0 })).toEqual({
      scale: 2,
      x: -1,
      y: -1,
    });
  });

  test('wheels count in pixels or lines', () => {
    expect(wheelFactor(-300, 0)).toBe(2);
    expect(wheelFactor(-3, 1)).toBeCloseTo(wheelFactor(-99, 0));
  });

  test('the whole needs no transform', () => {
    expect(transformOf(WHOLE)).toBe('');
    expect(transformOf({ scale: 2, x: -0.5, y: 0 })).toBe('translate(-50%, 0%) scale(2)');
  });
});

test('keys zoom the camera that is alone, a larger picture is asked for, and the whole comes back', async () => {
  const backend = new FakeBackend([camera('a'), camera('b')]);
  showApp(backend);
  await screen.findByTestId('tile-a');
  fireEvent.keyDown(document.body, { key: '+' });
  expect(screen.queryByTestId('zoom-a')).toBeNull();
  fireEvent.keyDown(document.body, { key: '1' });
  await settle(300);
  const before = backend.watched.at(-1)?.[0]?.width ?? 0;
  for (let press = 0; press < 2; press++) fireEvent.keyDown(document.body, { key: '+' });
  expect(screen.getByTestId('zoom-a')).toHaveTextContent('2.3×');
  await settle(300);
  expect(before).toBe(1280);
  expect(backend.watched.at(-1)?.[0]?.width).toBe(1920);
  fireEvent.click(screen.getByTestId('zoom-a'));
  expect(screen.queryByTestId('zoom-a')).toBeNull();
});
