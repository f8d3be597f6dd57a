// The pages' addresses, and what the window makes of them.
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, test, vi } from 'vitest';
import { currentRoute, follow, formatRoute, parseRoute, type Route } from '../src/app/routes';
import type { Desktop } from '../src/backend';
import { camera, FakeBackend, showApp } from './fakes';

const ROUTES: [string, Route][] = [
  ['#/', { page: 'cameras' }],
  ['#/health', { page: 'health' }],
  ['#/camera/door', { page: 'camera', id: 'door' }],
  ['#/camera/a%20%2F%25', { page: 'camera', id: 'a /%' }],
  ['#/recordings', { page: 'recordings' }],
  ['#/recordings?camera=door', { page: 'recordings', camera: 'door' }],
  ['#/recordings?camera=door&play=r1', { page: 'recordings', camera: 'door', play: 'r1' }],
  ['#/events', { page: 'events' }],
  ['#/events?camera=door', { page: 'events', camera: 'door' }],
  ['#/scripts', { page: 'scripts' }],
  ['#/scan', { page: 'scan' }],
  ['#/settings', { page: 'settings' }],
  ['#/sign-in', { page: 'sign-in' }],
  [
    '#/sign-in?back=%23%2Fevents%3Fcamera%3Ddoor',
    { page: 'sign-in', back: '#/events?camera=door' },
  ],
];

test.each(ROUTES)('%s is read and written', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
  expect(formatRoute(route)).toBe(hash);
});

test.each(['', '#', '#/', '#//'])('%j is the cameras', (hash) => {
  expect(parseRoute(hash)).toEqual({ page: 'cameras' });
});

test.each(['#/nope', '#/camera', '#/camera/a/b', '#/health/x', '#/camera/%E0%A4%A'])(
  '%s names no page',
  (hash) => {
    expect(parseRoute(hash)).toEqual({ page: 'unknown' });
  },
);

test('signing in leads back to pages of ours only', () => {
  expect(parseRoute('#/sign-in?back=https://outside.example')).toEqual({ page: 'sign-in' });
});

describe('the window', () => {
  test('shows tiles and takes their keys only on the cameras page', async () => {
    const backend = new FakeBackend([camera('porch'), camera('garden')]);
    showApp(backend);
    await screen.findByTestId('tile-porch');
    await waitFor(() => expect(backend.watched.at(-1)).toHaveLength(2));
    act(() => follow('#/nope'));
    expect(await screen.findByRole('heading', { level: 1 })).toHaveTextContent('no such page');
    expect(screen.queryByTestId('tile-porch')).not.toBeInTheDocument();
    await waitFor(() => expect(backend.watched.at(-1)).toEqual([]));
    fireEvent.keyDown(document.body, { key: '1' });
    act(() =>
      follow((document.querySelector('[data-testid=rail-cameras]') as HTMLAnchorElement).hash),
    );
    expect(await screen.findByTestId('tile-garden')).toBeVisible();
  });

  test('offers a way back from an address that names no page', async () => {
    window.history.replaceState(null, '', '#/nope');
    showApp(new FakeBackend([camera('porch')]));
    expect(await screen.findByRole('link', { name: 'Back' })).toHaveAttribute('href', '#/');
    expect(document.title).toBe('There is no such page – Fanlight');
  });

  test('goes where the tray says', async () => {
    const backend = new FakeBackend([camera('porch')]);
    const desktop = { onNavigate: vi.fn<Desktop['onNavigate']>(() => () => {}) };
    backend.desktop = desktop as unknown as Desktop;
    showApp(backend);
    await screen.findByTestId('tile-porch');
    act(() => desktop.onNavigate.mock.lastCall?.[0]('#/camera/porch'));
    expect(currentRoute()).toEqual({ page: 'camera', id: 'porch' });
    await waitFor(() => expect(screen.queryByTestId('tile-porch')).not.toBeInTheDocument());
  });
});
