// The line at the bottom, and pausing all cameras.
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { BackendError } from '../src/backend';
import { camera, FakeBackend, settle, showApp } from './fakes';

const LOAD = {
  cpu_cores: 0.42,
  cores: 2,
  memory_bytes: 180e6,
  processes: 3,
  cameras: 2,
  online: 1,
  consumers: 4,
  scripts: 3,
  uptime_seconds: 60,
};

test('tells the load of the whole machine and who reads', async () => {
  const backend = new FakeBackend([camera('door'), camera('yard', { status: { state: 'error' } })]);
  backend.answers.set('GET /api/load', LOAD);
  showApp(backend);
  const load = await screen.findByTestId('load');
  expect(load).toHaveTextContent('CPU 21 %');
  expect(load).toHaveAttribute('title', '0.42 of 2 cores, 180 MB, 3 processes');
  expect(screen.getByText('3 scripts connected')).toBeInTheDocument();
  expect(screen.getByRole('link', { name: '1/2 cameras online' })).toHaveAttribute(
    'href',
    '#/health',
  );
});

test('a server without load or pause shows what it has', async () => {
  const backend = new FakeBackend([camera('door')]);
  showApp(backend);
  expect(await screen.findByText('No consumers connected')).toBeInTheDocument();
  await settle(50);
  expect(screen.queryByTestId('pause')).not.toBeInTheDocument();
  const asked = (path: string) => backend.requests.filter(([call]) => call === `GET ${path}`);
  expect(asked('/api/load')).toHaveLength(1);
  expect(asked('/api/pause')).toHaveLength(1);
});

describe('pausing', () => {
  test('is told in a banner with the way out', async () => {
    const user = userEvent.setup();
    const backend = new FakeBackend([camera('door')]);
    const paused = { paused: true, since: new Date(Date.now() - 200_000).toISOString() };
    backend.answers.set('GET /api/pause', { paused: false, since: null });
    backend.answers.set('PUT /api/pause', paused);
    showApp(backend);
    await user.click(await screen.findByTestId('pause'));
    expect(backend.requests).toContainEqual(['PUT /api/pause', { paused: true }]);
    expect(await screen.findByText(/All cameras are paused/)).toHaveTextContent('3 min');
    expect(screen.getByTestId('pause')).toHaveTextContent('Resume all');
    backend.answers.set('PUT /api/pause', { paused: false, since: null });
    await user.click(screen.getByTestId('resume'));
    expect(backend.requests).toContainEqual(['PUT /api/pause', { paused: false }]);
    await waitFor(() =>
      expect(screen.queryByText(/All cameras are paused/)).not.toBeInTheDocument(),
    );
  });

  test('that fails changes nothing and says why', async () => {
    const user = userEvent.setup();
    const backend = new FakeBackend([camera('door')]);
    backend.answers.set('GET /api/pause', { paused: false, since: null });
    backend.answers.set('PUT /api/pause', new BackendError('shutting down', 'busy', 503));
    showApp(backend);
    await user.click(await screen.findByTestId('pause'));
    expect(await screen.findByText('Shutting down.')).toBeInTheDocument();
    expect(screen.getByTestId('pause')).toHaveTextContent('Pause all');
  });
});
