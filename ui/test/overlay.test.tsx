import { act, fireEvent, screen } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { figures } from '../src/player/figures';
import { camera, FakeBackend, settle, showApp } from './fakes';

const painted = (parts = {}) => ({
  format: 'h264' as const,
  count: 100,
  dropped: 3,
  width: 1920,
  height: 1080,
  capturedAt: 5000,
  shownAt: 5042,
  ...parts,
});

describe('the figures', () => {
  const porch = camera('porch');

  test('rates are those since the last look', () => {
    const before = { facts: painted(), at: 0 };
    const now = { facts: painted({ count: 149 }), at: 2000 };
    expect(figures(porch, before, now)).toEqual({
      fps: '24.5',
      resolution: '1920×1080',
      codec: 'H.264',
      bitrate: '4.0 Mbit/s',
      latency: '42 ms',
      dropped: '3',
      way: 'WebCodecs H.264',
    });
  });

  test('what is not known is not made up', () => {
    const { fps, resolution, latency, way } = figures(porch, null, { facts: null, at: 0 });
    expect([fps, resolution, latency, way]).toEqual(['–', '–', '–', '–']);
    // The server's clock is ahead of ours.
    const ahead = { facts: painted({ capturedAt: 9000 }), at: 0 };
    expect(figures(porch, null, ahead).latency).toBe('–');
  });

  test('codec and bitrate are those of the stream that is shown', () => {
    const substream = {
      rtsp_url: '',
      video: { codec: 'h265' as const, width: 640, height: 360, fps: 15, bitrate_kbps: 500 },
    };
    const now = { facts: painted({ format: 'h265', width: 640, height: 360 }), at: 0 };
    const told = figures(camera('a', { substream }), null, now);
    expect(told).toMatchObject({ codec: 'H.265', bitrate: '0.5 Mbit/s', way: 'WebCodecs H.265' });
  });
});

test('O shows and hides the figures, which change without rendering, and the choice is kept', async () => {
  const backend = new FakeBackend([camera('a'), camera('b')]);
  showApp(backend);
  await screen.findByTestId('tile-a');
  expect(screen.queryByTestId('overlay-a')).toBeNull();
  fireEvent.keyDown(document.body, { key: 'o' });
  const figure = (name: string) =>
    screen.getByTestId('overlay-a').querySelector(`[data-figure=${name}]`);
  expect(figure('way')).toHaveTextContent('–');
  await settle(50);
  await act(async () => backend.frame(1));
  await settle(1100);
  expect(figure('way')).toHaveTextContent('JPEG');
  expect(figure('fps')?.textContent).toMatch(/^(0\.[5-9]|1\.\d)$/);
  expect(localStorage.getItem('fanlight.overlay')).toBe('on');
  fireEvent.click(screen.getByTestId('overlay'));
  expect(screen.queryByTestId('overlay-a')).toBeNull();
});
