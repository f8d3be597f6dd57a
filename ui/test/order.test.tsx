import { act, fireEvent, screen } from '@testing-library/react';
import { afterEach, describe, expect, test } from 'vitest';
import { neighbour } from '../src/player/neighbour';
import { arranged, keepOrder, reloadOrder, swapped } from '../src/player/order';
import { camera, FakeBackend, showApp } from './fakes';

afterEach(() => {
  localStorage.clear();
  reloadOrder();
});

const same = (id: string) => id;

describe('the order', () => {
  test.each([
    { name: 'nothing is kept', order: [], shown: ['a', 'b', 'c'] },
    { name: 'new cameras come last', order: ['c', 'a'], shown: ['c', 'a', 'b'] },
    { name: 'cameras that are gone leave no hole', order: ['x', 'b', 'y'], shown: ['b', 'a', 'c'] },
  ])('$name', ({ order, shown }) => {
    expect(arranged(['a', 'b', 'c'], same, order)).toEqual(shown);
  });

  test('swapping touches two only', () => {
    expect(swapped(['a', 'b', 'c', 'd'], 'd', 'b')).toEqual(['a', 'd', 'c', 'b']);
  });

  test('a camera that comes back finds its place again', () => {
    keepOrder(['c', 'b', 'a']);
    keepOrder(['b', 'a']);
    expect(JSON.parse(localStorage.getItem('fanlight.order') ?? '')).toEqual(['b', 'a', 'c']);
  });

  test('what is damaged is no order', () => {
    localStorage.setItem('fanlight.order', '{"a":');
    reloadOrder();
    keepOrder([]);
    expect(localStorage.getItem('fanlight.order')).toBe('[]');
  });
});

test('an arrow leads to the nearest tile that way', () => {
  const cell = (left: number, top: number) => ({ left, top, width: 100, height: 60 });
  const [a, b, c, d] = [cell(0, 0), cell(104, 0), cell(0, 64), cell(104, 64)];
  const all = [a, b, c, d];
  expect(neighbour(all, a, 'right')).toBe(1);
  expect(neighbour(all, a, 'down')).toBe(2);
  expect(neighbour(all, d, 'up')).toBe(1);
  expect(neighbour(all, a, 'left')).toBeNull();
});

test('the order of a person is that of the tiles and of the number keys', async () => {
  localStorage.setItem('fanlight.order', '["b","a"]');
  reloadOrder();
  showApp(new FakeBackend(['a', 'b', 'c'].map((id) => camera(id))));
  await screen.findByTestId('tile-a');
  const order = () => screen.getAllByRole('group').map((tile) => tile.dataset.testid);
  expect(order()).toEqual(['tile-b', 'tile-a', 'tile-c']);
  act(() => keepOrder(['c', 'a', 'b']));
  expect(order()).toEqual(['tile-c', 'tile-a', 'tile-b']);
  fireEvent.keyDown(document.body, { key: '1' });
  expect(screen.getByTestId('tile-c')).toBeVisible();
  expect(screen.getByTestId('tile-a')).not.toBeVisible();
});
