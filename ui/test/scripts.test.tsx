// Using a camera from one's own program: the steps, and the program arriving.
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import type { Consumer } from '../src/backend';
import { programName, programsOf } from '../src/scripts/consumers';
import { WAYS } from '../src/scripts/ways';
import { camera, FakeBackend, showApp } from './fakes';

function consumer(parts: Partial<Consumer> = {}): Consumer {
  return {
    id: 7,
    kind: 'shared_memory',
    name: 'fanlight-python/0.1.0 (edges.py; pid 4711)',
    pid: 4711,
    format: 'bgr24',
    stream: 'main',
    width: 640,
    height: 480,
    since: '2026-01-01T00:00:00Z',
    delivered_frames: 100,
    dropped_frames: 3,
    fps: 24.97,
    lag_ms: 12.4,
    ...parts,
  };
}

const BROWSER = consumer({ id: 8, kind: 'websocket', name: 'Mozilla/5.0 (X11; Linux)', pid: null });

function server(consumers: Consumer[] = [], required = false) {
  const backend = new FakeBackend([camera('door', { name: 'Front door' }), camera('yard')]);
  backend.answers.set('GET /api/streams/door/consumers', { consumers });
  backend.answers.set('GET /api/streams/yard/consumers', { consumers: [] });
  backend.answers.set('GET /api/session', { required, signed_in: true });
  return backend;
}

function open(backend: FakeBackend) {
  window.location.hash = '#/scripts';
  showApp(backend);
}

describe('programs', () => {
  test.each([
    ['fanlight-python/0.1.0 (edges.py; pid 4711)', 'edges.py'],
    ['curl/8.5.0', 'curl'],
    ['Lavf/62.1', 'FFmpeg'],
    ['Mozilla/5.0 (X11; Linux)', null],
    ['', null],
  ])('%s is %s', (name, program) => {
    expect(programName(consumer({ name }))).toBe(program);
  });

  test('the window is nobody; pages count where a page is being written', () => {
    const all = [consumer({ id: 1, kind: 'window' }), consumer(), BROWSER];
    expect(programsOf(all, false).map(({ id }) => id)).toEqual([7]);
    expect(programsOf(all, true).map(({ id }) => id)).toEqual([7, 8]);
  });
});

test('a program that joins is shown as it fares, and remembered when it leaves', async () => {
  const backend = server([consumer({ id: 1, kind: 'window', name: '' }), BROWSER]);
  open(backend);
  const live = await screen.findByTestId('scripts-live');
  expect(live).toHaveAttribute('data-state', 'waiting');
  backend.answers.set('GET /api/streams/door/consumers', { consumers: [BROWSER, consumer()] });
  expect(await screen.findByText('edges.py reads Front door', {}, { timeout: 3000 })).toBeVisible();
  expect(live).toHaveTextContent(/640 × 480.*25.*Pictures dropped3.*12 ms.*4711.*Shared memory/);
  expect(live).not.toHaveTextContent('Mozilla');
  backend.answers.set('GET /api/streams/door/consumers', { consumers: [] });
  expect(
    await screen.findByText('edges.py has read Front door', {}, { timeout: 3000 }),
  ).toBeVisible();
});

test('another camera has code of its own, and starts waiting anew', async () => {
  const user = userEvent.setup();
  open(server([consumer()]));
  expect(await screen.findByText('edges.py reads Front door')).toBeVisible();
  await user.selectOptions(screen.getByTestId('scripts-camera'), 'yard');
  expect(screen.getByTestId('scripts-live')).toHaveAttribute('data-state', 'waiting');
  await user.click(screen.getByTestId('scripts-copy-code'));
  expect(await navigator.clipboard.readText()).toMatch(
    /RTSPStreamClient\("http:\/\/127\.0\.0\.1:8080", "yard", size=\(640, None\)\)/,
  );
});

test.each(WAYS)('$name goes through Fanlight, with the token where one is asked for', (way) => {
  const open = way.make('http://127.0.0.1:8080', 'door', false);
  expect(open).toContain('door');
  expect(open).toContain('http://127.0.0.1:8080');
  expect(open).not.toMatch(/token|rtsp:/i);
  const locked = way.make('http://127.0.0.1:8080', 'door', true);
  // Python finds it by itself.
  if (way.tokenFrom === 'itself') expect(locked).toBe(open);
  if (way.tokenFrom === 'shell') expect(locked).toMatch(/Authorization: Bearer/);
  if (way.tokenFrom === 'page') expect(locked).toContain('the token');
});

describe('the package to install', () => {
  const PYTHON = '/clients/fanlight-0.1.0-py3-none-any.whl';
  const WEB = '/clients/fanlight-client-0.1.0.tgz';

  test('comes from this very Fanlight', async () => {
    const user = userEvent.setup();
    const backend = server();
    backend.answers.set('GET /api/clients', { python: PYTHON, javascript: WEB });
    open(backend);
    const url = `http://127.0.0.1:8080${PYTHON}`;
    expect(await screen.findByText(`pip install ${url}`)).toBeVisible();
    expect(screen.getByText(/It comes from this Fanlight/)).toBeVisible();
    expect(screen.getByText(new RegExp(`fanlight\\[cli\\] @ ${url}`))).toBeInTheDocument();
    await user.click(screen.getByRole('tab', { name: 'React' }));
    expect(screen.getByText(`npm install http://127.0.0.1:8080${WEB}`)).toBeVisible();
  });

  test('lies in a folder of its sources where it was built without', async () => {
    const backend = server();
    backend.answers.set('GET /api/clients', { python: null, javascript: null });
    open(backend);
    expect(await screen.findByText('pip install ./clients/python')).toBeVisible();
    expect(screen.getByText(/In the folder of Fanlight’s sources/)).toBeVisible();
  });
});

test('a server that asks for a token makes that a step of its own', async () => {
  open(server([], true));
  expect(await screen.findByTestId('token-note')).toHaveTextContent(
    /FANLIGHT_TOKEN has to hold it/,
  );
  const steps = within(screen.getByRole('tabpanel'));
  expect(
    steps.getAllByRole('listitem').map((step) => step.querySelector('h2')?.textContent),
  ).toEqual(['Install the package', 'Give the token', 'Save this as camera.py', 'Run it']);
});

test('an API that scripts cannot reach is told with its reason', async () => {
  const backend = server();
  backend.appInfo.apiError = 'port 8080 is taken by another program';
  open(backend);
  expect(await screen.findByRole('alert')).toHaveTextContent(/cannot reach.*Port 8080 is taken/);
});

test('a camera that is away is said, so that nobody looks for the fault in the script', async () => {
  const backend = server();
  backend.streams = [camera('door', { name: 'Front door', status: { state: 'auth_failed' } })];
  open(backend);
  expect(await screen.findByTestId('scripts-live')).toHaveTextContent('Front door: Sign-in failed');
});

test('without a camera there is nothing to copy', async () => {
  open(new FakeBackend());
  expect(await screen.findByText(/Add a camera first/)).toBeVisible();
});
