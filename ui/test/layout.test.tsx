import { fireEvent, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { cells, showsWhole } from '../src/player/layout';
import { camera, FakeBackend, showApp } from './fakes';

const BOX = { width: 1200, height: 800 };

describe('cells', () => {
  test('four fill the box', () => {
    const { tiles, height } = cells('4', 4, BOX, 4);
    expect(height).toBe(800);
    expect(tiles[3]).toEqual({ left: 602, top: 402, width: 598, height: 398 });
  });

  test('columns scroll when there are too many rows', () => {
    const { tiles, height } = cells('c2', 6, BOX, 4);
    expect(height).toBeGreaterThan(800);
    expect((tiles[1]?.left ?? 0) + (tiles[1]?.width ?? 0)).toBeLessThan(1200);
    expect((tiles[5]?.top ?? 0) + (tiles[5]?.height ?? 0)).toBe(height);
  });

  test('a picture is cropped a little or shown whole', () => {
    expect(showsWhole({ width: 160, height: 93 }, 16 / 9)).toBe(false);
    expect(showsWhole({ width: 160, height: 90 }, 9 / 16)).toBe(true);
  });
});

test('a layout has pages, by button and by key, and is kept', async () => {
  const user = userEvent.setup();
  const cameras = ['a', 'b', 'c', 'd', 'e'].map((id) => camera(id));
  const { unmount } = showApp(new FakeBackend(cameras));
  await user.selectOptions(await screen.findByTestId('layout'), '4');
  expect(screen.getByTestId('tile-a')).toBeVisible();
  expect(screen.getByTestId('tile-e')).not.toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Next page' }));
  expect(screen.getByTestId('tile-a')).not.toBeVisible();
  expect(screen.getByTestId('tile-e')).toBeVisible();
  fireEvent.keyDown(document.body, { key: 'PageUp' });
  expect(screen.getByTestId('tile-a')).toBeVisible();
  unmount();
  showApp(new FakeBackend(cameras));
  expect(await screen.findByTestId('layout')).toHaveValue('4');
  expect(screen.getByTestId('tile-e')).not.toBeVisible();
});
