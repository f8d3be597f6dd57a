// Scanning the network: what is found, signed in to and added.
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { BackendError } from '../src/backend';
import { addressOf, groupOf, planOf, probeUrl, usualStreams } from '../src/scan/choose';
import type { Device, FoundStream, Scan } from '../src/scan/wire';
import { camera, FakeBackend, showApp } from './fakes';

function stream(width: number | null, parts: Partial<FoundStream> = {}): FoundStream {
  return {
    name: 'Profile',
    rtsp_url: `rtsp://admin:***@192.0.2.7/${width}`,
    codec: 'h264',
    width,
    height: width && (width * 9) / 16,
    fps: 25,
    ...parts,
  };
}

function device(address: string, parts: Partial<Device> = {}): Device {
  return {
    address,
    name: null,
    manufacturer: null,
    model: null,
    seen_by: ['onvif'],
    port: 554,
    state: 'ready',
    error: null,
    streams: [stream(2560), stream(640)],
    stream_id: null,
    ...parts,
  };
}

function scan(found: Device[], parts: Partial<Scan> = {}): Scan {
  return {
    id: 's1',
    state: 'done',
    sweep: false,
    progress: { done: 3, total: 10 },
    networks: ['192.0.2.0/24'],
    notes: [],
    found,
    ...parts,
  };
}

const LOCKED = device('192.0.2.8', { name: 'Gate', state: 'needs_sign_in', streams: [] });
const LOCKED_TOO = device('192.0.2.9', { name: 'Yard', state: 'needs_sign_in', streams: [] });
const SILENT = device('192.0.2.10', {
  state: 'found',
  seen_by: ['sweep'],
  port: 8554,
  streams: [],
});

/** A server whose scan `s1` is as given from the start on. */
function server(now: Scan) {
  const backend = new FakeBackend();
  backend.answers.set('GET /api/scans', { scans: [] });
  backend.answers.set('POST /api/scans', now);
  backend.answers.set('GET /api/scans/s1', now);
  return backend;
}

async function begin(backend: FakeBackend) {
  const user = userEvent.setup();
  window.location.hash = '#/scan';
  showApp(backend);
  await user.click(await screen.findByTestId('scan-start'));
  return user;
}

describe('choosing', () => {
  test.each([
    ['the largest, and the smallest that fills a tile', [640, 2560, 176, 1280], 1, 0],
    ['nothing below a tile', [1920, 176], 0, null],
    ['one stream alone', [1920], 0, null],
    ['two of one size', [1920, 1920], 0, null],
    ['sizes that nobody told', [null, null], 0, null],
    ['just wide enough', [320, 1920], 1, 0],
  ] as const)('%s', (_, widths, main, sub) => {
    expect(usualStreams(widths.map((width) => stream(width)))).toEqual({ main, sub });
  });

  test('a person may want another stream, and then the smaller one follows', () => {
    const found = device('192.0.2.7', { streams: [stream(2560), stream(1280), stream(640)] });
    expect(planOf(found)).toMatchObject({ chosen: true, name: '192.0.2.7', main: 0, sub: 2 });
    expect(planOf(found, { main: 2 })).toMatchObject({ main: 2, sub: null });
    expect(planOf(found, { main: 1, sub: 1 })).toMatchObject({ main: 1, sub: null });
    expect(planOf(found, { sub: null, name: 'Door' })).toMatchObject({ sub: null, name: 'Door' });
  });

  test('what is a camera already is not chosen, whatever was wished', () => {
    expect(planOf(device('a', { stream_id: 'door' }), { chosen: true }).chosen).toBe(false);
  });

  test.each([
    [device('a'), false, 'ready'],
    [device('a', { streams: [] }), false, 'other'],
    [LOCKED, false, 'signIn'],
    [device('a', { state: 'asking', streams: [] }), false, 'other'],
    [device('a', { state: 'asking', streams: [] }), true, 'signIn'],
    [device('a', { state: 'failed', streams: [] }), true, 'other'],
  ] as const)('group %#', (found, signingIn, group) => {
    expect(groupOf(found, signingIn)).toBe(group);
  });

  test.each([
    ['192.0.2.7', 554, 'rtsp://192.0.2.7'],
    ['192.0.2.7', null, 'rtsp://192.0.2.7'],
    ['192.0.2.7', 8554, 'rtsp://192.0.2.7:8554'],
    ['fe80::1', 8554, 'rtsp://[fe80::1]:8554'],
  ])('%s at %s is %s', (address, port, url) => {
    expect(addressOf(device(address, { port }))).toBe(url);
  });

  test("a test has the person's password, never the mask", () => {
    expect(probeUrl(stream(640), { username: 'me', password: 'p@ss' })).toBe(
      'rtsp://me:p%40ss@192.0.2.7/640',
    );
    expect(probeUrl(stream(640), undefined)).toBe('rtsp://192.0.2.7/640');
  });
});

test('a sweep happens only when it was asked for', async () => {
  const backend = server(scan([], { state: 'running' }));
  await begin(backend);
  expect(backend.requests).toContainEqual(['POST /api/scans', { sweep: false }]);
  expect(await screen.findByTestId('scan-progress')).toHaveTextContent('192.0.2.0/24');
  expect(screen.getByRole('progressbar')).toHaveAttribute('value', '3');
  const ended = scan([], { state: 'cancelled' });
  backend.answers.set('DELETE /api/scans/s1', ended);
  backend.answers.set('GET /api/scans/s1', ended);
  backend.answers.set('POST /api/scans', scan([], { id: 's2', sweep: true }));
  backend.answers.set('GET /api/scans/s2', scan([], { id: 's2', sweep: true }));
  const user = userEvent.setup();
  await user.click(screen.getByTestId('scan-cancel'));
  expect(await screen.findByTestId('scan-empty')).toHaveTextContent(/guest Wi-Fi/);
  await user.click(screen.getByTestId('scan-sweep-now'));
  expect(backend.requests).toContainEqual(['POST /api/scans', { sweep: true }]);
  expect(await screen.findByTestId('scan-empty')).toBeInTheDocument();
  expect(screen.queryByTestId('scan-sweep-now')).not.toBeInTheDocument();
});

test('devices appear while the scan runs, and the page shows one that runs already', async () => {
  const backend = server(scan([device('192.0.2.7')], { state: 'running' }));
  backend.answers.set('GET /api/scans', { scans: [scan([], { state: 'running' })] });
  window.location.hash = '#/scan';
  showApp(backend);
  expect(await screen.findByTestId('scan-device-192.0.2.7')).toBeInTheDocument();
  backend.answers.set('GET /api/scans/s1', scan([device('192.0.2.7'), SILENT]));
  expect(await screen.findByTestId('scan-device-192.0.2.10')).toBeInTheDocument();
  expect(screen.getByTestId('scan-progress')).toHaveAttribute('data-state', 'done');
});

test('several cameras are added at once, and each tells what became of it', async () => {
  const found = [
    device('192.0.2.7', { name: 'Front door' }),
    device('192.0.2.11', { manufacturer: 'Acme', model: 'X1' }),
    device('192.0.2.12', { name: 'Left out' }),
    device('192.0.2.13', { name: 'Hall', stream_id: 'hall' }),
  ];
  const backend = server(scan(found));
  backend.streams = [camera('front-door')];
  const user = await begin(backend);
  await user.click(await screen.findByTestId('scan-choose-192.0.2.12'));
  expect(screen.getByTestId('scan-device-192.0.2.13')).toHaveTextContent('Added');
  expect(screen.queryByTestId('scan-choose-192.0.2.13')).not.toBeInTheDocument();
  await user.clear(screen.getByTestId('scan-name-192.0.2.11'));
  await user.type(screen.getByTestId('scan-name-192.0.2.11'), 'Garage');
  await user.selectOptions(screen.getByTestId('scan-sub-192.0.2.11'), '');
  backend.answers.set('POST /api/scans/s1/add', {
    added: ['front-door-2'],
    refused: [{ address: '192.0.2.11', code: 'quota_exceeded', error: 'there is no room' }],
  });
  backend.answers.set(
    'GET /api/scans/s1',
    scan(found.map((d, at) => (at === 0 ? { ...d, stream_id: 'front-door-2' } : d))),
  );
  expect(screen.getByTestId('scan-add')).toHaveTextContent('Add 2 cameras');
  await user.click(screen.getByTestId('scan-add'));
  expect(backend.requests).toContainEqual([
    'POST /api/scans/s1/add',
    {
      cameras: [
        { address: '192.0.2.7', stream_id: 'front-door-2', name: 'Front door', main: 0, sub: 1 },
        { address: '192.0.2.11', stream_id: 'garage', name: 'Garage', main: 0, sub: null },
      ],
    },
  ]);
  const first = screen.getByTestId('scan-device-192.0.2.7');
  expect(await within(first).findByRole('link', { name: 'Added' })).toHaveAttribute(
    'href',
    '#/camera/front-door-2',
  );
  expect(screen.getByTestId('scan-device-192.0.2.11')).toHaveTextContent('There is no room.');
  expect(screen.getByTestId('scan-add')).toHaveTextContent('Add 1 camera');
});

test('one password opens the ticked cameras, and then their pictures can be seen', async () => {
  const backend = server(scan([LOCKED, LOCKED_TOO]));
  const user = await begin(backend);
  await user.click(await screen.findByTestId('scan-sign-in-submit'));
  expect(screen.getByTestId('scan-user')).toHaveAccessibleDescription(/user first/);
  await user.type(screen.getByTestId('scan-user'), 'viewer');
  await user.type(screen.getByTestId('scan-password'), 'p@ss');
  await user.click(screen.getByRole('checkbox', { name: 'Yard' }));
  const opened = scan([device('192.0.2.8', { name: 'Gate' }), LOCKED_TOO]);
  backend.answers.set('POST /api/scans/s1/sign-in', opened);
  backend.answers.set('GET /api/scans/s1', opened);
  await user.click(screen.getByTestId('scan-sign-in-submit'));
  expect(backend.requests).toContainEqual([
    'POST /api/scans/s1/sign-in',
    { addresses: ['192.0.2.8'], username: 'viewer', password: 'p@ss' },
  ]);
  await user.click(await screen.findByRole('button', { name: 'Show a picture: Gate' }));
  expect(backend.requests).toContainEqual([
    'POST /api/probe',
    { url: 'rtsp://viewer:p%40ss@192.0.2.7/2560' },
  ]);
});

test('a wrong password is told at the camera that refused it', async () => {
  const error = { code: 'auth_failed', message: '401' };
  const backend = server(scan([{ ...LOCKED, error }]));
  await begin(backend);
  expect(await screen.findByTestId('scan-device-192.0.2.8')).toHaveTextContent(/refused this user/);
});

test('a device without streams is added by hand, at its address', async () => {
  const backend = server(scan([SILENT]));
  const user = await begin(backend);
  await user.click(await screen.findByRole('button', { name: /hand: 192.0.2.10/ }));
  expect(screen.getByTestId('add-url')).toHaveValue('rtsp://192.0.2.10:8554');
});

test.each([
  ['scans_off', 403, /FANLIGHT_SCANS=off/],
  ['not_found', 404, /cannot scan/],
  ['internal', 500, /Out of sockets/],
])('%s is said, with a way to go on', async (code, status, words) => {
  const backend = server(scan([]));
  backend.answers.set('POST /api/scans', new BackendError('out of sockets', code, status));
  const user = await begin(backend);
  expect(await screen.findByTestId('scan-problem')).toHaveTextContent(words);
  await waitFor(() =>
    expect((screen.getByTestId('scan-start') as HTMLButtonElement).disabled).toBe(status !== 500),
  );
  await user.click(screen.getByRole('button', { name: 'Add by hand' }));
  expect(screen.getByTestId('add-url')).toHaveFocus();
});

test('the first run and the add dialog lead here', async () => {
  const user = userEvent.setup();
  showApp(server(scan([])));
  await user.click(await screen.findByTestId('empty-scan'));
  expect(await screen.findByRole('heading', { level: 1 })).toHaveTextContent('Scan my network');
  window.location.hash = '#/';
  await user.click(await screen.findByTestId('empty-add'));
  await user.click(screen.getByRole('link', { name: /Scan my network/ }));
  expect(await screen.findByTestId('scan-start')).toBeInTheDocument();
  expect(screen.queryByTestId('add-url')).not.toBeInTheDocument();
});
