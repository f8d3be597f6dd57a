// The page of one camera, over a backend in memory.
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { currentRoute } from '../src/app/routes';
import { BackendError, type Consumer } from '../src/backend';
import { camera, FakeBackend, showApp } from './fakes';

// A canvas draws nothing in jsdom; what it draws is said in words beside it.
vi.mock('../src/camera/Plot', () => ({ default: () => null }));

const UNTIL = '2026-01-01T00:00:10Z';
const consumer = (id: number, parts: Partial<Consumer> = {}): Consumer => ({
  id,
  kind: 'http',
  name: 'counter.py',
  pid: 4711,
  format: 'bgr24',
  stream: 'main',
  width: 640,
  height: 360,
  since: new Date(Date.now() - 90_000).toISOString(),
  delivered_frames: 100,
  dropped_frames: 7,
  fps: 12.5,
  lag_ms: 41,
  ...parts,
});

function furnished(parts: Parameters<typeof camera>[1] = {}) {
  const backend = new FakeBackend([camera('door', { name: 'Front door', ...parts })]);
  const { answers } = backend;
  answers.set('GET /api/streams/door/history', {
    until: UNTIL,
    step_seconds: 1,
    frames: [25, 25, 20],
    kbit: [4000, 4000, 4000],
    keyframes: [1, 0, 0],
    lost: [0, 2, 0],
    reconnects: [0, 0, 0],
  });
  answers.set('GET /api/streams/door/consumers', { consumers: [consumer(3)] });
  answers.set('GET /api/streams/door/consumers/3', {
    ...consumer(3),
    until: UNTIL,
    step_seconds: 1,
    delivered: [12, 12],
    dropped: [3, 4],
    lag_ms_most: [40, 60],
  });
  return backend;
}

const asked = (backend: FakeBackend, call: string) =>
  backend.requests.filter(([made]) => made === call);

beforeEach(() => window.history.replaceState(null, '', '#/camera/door'));

describe('how it does', () => {
  test('its title, its state and its charts in words', async () => {
    showApp(furnished());
    await screen.findByRole('heading', { level: 1, name: 'Front door' });
    expect(screen.getByTestId('camera-state')).toHaveTextContent(/^Onlinefor \d s$/);
    expect(
      await screen.findByRole('img', { name: 'Pictures a second. Now 23.3, least 20, most 25.' }),
    ).toBeInTheDocument();
    expect(
      await screen.findByRole('img', { name: /Latency to readers\. Now 50 ms.*most 60 ms/ }),
    ).toBeInTheDocument();
    expect(
      screen.getByRole('img', {
        name: 'Lost. slow readers: 7 in the last minutes. network: 2 in the last minutes.',
      }),
    ).toBeInTheDocument();
  });

  test('why it is away, what to try and when it is tried again', async () => {
    const error = { code: 'camera_unreachable', message: 'no answer', certificate: null };
    const next_try = new Date(Date.now() + 5000).toISOString();
    showApp(furnished({ status: { state: 'reconnecting', error, next_try, attempt: 3 } }));
    expect(await screen.findByText(/Check that the camera is on/)).toBeInTheDocument();
    expect(screen.getByText(/3 failed tries · Next try in/)).toBeInTheDocument();
  });

  test('a server without events has no such part, and is not asked again', async () => {
    const backend = furnished();
    showApp(backend);
    await screen.findByText('counter.py');
    await waitFor(() =>
      expect(asked(backend, 'GET /api/streams/door/events?limit=20')).toHaveLength(1),
    );
    expect(screen.queryByRole('heading', { name: 'What happened' })).not.toBeInTheDocument();
  });

  test('what happened, newest first', async () => {
    const backend = furnished();
    const error = { code: 'camera_unreachable', message: 'no answer' };
    const at = { time: UNTIL, stream_id: 'door' };
    backend.answers.set('GET /api/streams/door/events?limit=20', {
      events: [
        { ...at, id: '2', type: 'camera.offline', state: 'reconnecting', error },
        { ...at, id: '1', type: 'something.new' },
      ],
    });
    showApp(backend);
    const list = await screen.findByRole('list');
    expect(
      within(list)
        .getAllByRole('listitem')
        .map((item) => item.textContent),
    ).toEqual([
      expect.stringMatching(/^OfflineNo answer\./),
      expect.stringMatching(/^something\.new/),
    ]);
  });

  test('a camera that is not there is said so, with a way back', async () => {
    window.history.replaceState(null, '', '#/camera/gone');
    showApp(furnished());
    expect(await screen.findByText(/No camera has the id “gone”/)).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'Back' })).toHaveAttribute('href', '#/');
  });
});

describe('who reads it', () => {
  test('is told with numbers, and disconnected only after a question in the row', async () => {
    const user = userEvent.setup();
    const backend = furnished();
    backend.answers.set('DELETE /api/streams/door/consumers/3', null);
    showApp(backend);
    const row = await screen.findByTestId('consumer-3');
    for (const fact of ['counter.py', 'process 4711', '640 × 360', '12.5', '41 ms']) {
      expect(row).toHaveTextContent(fact);
    }
    await user.click(within(row).getByRole('button', { name: 'Disconnect counter.py' }));
    expect(within(row).getByRole('button', { name: 'Keep' })).toHaveFocus();
    await user.keyboard('{Escape}');
    expect(asked(backend, 'DELETE /api/streams/door/consumers/3')).toEqual([]);
    await user.click(within(row).getByRole('button', { name: 'Disconnect counter.py' }));
    backend.answers.set('GET /api/streams/door/consumers', { consumers: [] });
    await user.click(within(row).getByRole('button', { name: 'Disconnect now' }));
    expect(asked(backend, 'DELETE /api/streams/door/consumers/3')).toHaveLength(1);
    expect(await screen.findByText(/Nobody reads this camera now/)).toBeInTheDocument();
  });
});

describe('its settings', () => {
  test('only what was changed is sent', async () => {
    const user = userEvent.setup();
    const backend = furnished();
    backend.answers.set('PATCH /api/streams/door', camera('door', { name: 'Gate' }));
    showApp(backend);
    const name = await screen.findByTestId('edit-name');
    expect(screen.getByTestId('edit-save')).toBeDisabled();
    await user.clear(name);
    await user.type(name, 'Gate');
    await user.click(screen.getByTestId('edit-save'));
    await waitFor(() =>
      expect(asked(backend, 'PATCH /api/streams/door')).toEqual([
        ['PATCH /api/streams/door', { name: 'Gate' }],
      ]),
    );
    await waitFor(() => expect(name).toHaveValue('Gate'));
  });

  test('a new path asks for the password again, and sends nothing before', async () => {
    const user = userEvent.setup();
    const backend = furnished();
    showApp(backend);
    await user.type(await screen.findByTestId('edit-url'), '2');
    await user.click(screen.getByTestId('edit-save'));
    const password = screen.getByTestId('edit-password');
    await waitFor(() => expect(password).toHaveFocus());
    expect(password).toHaveAccessibleDescription(/Type the password again/);
    expect(asked(backend, 'PATCH /api/streams/door')).toEqual([]);
  });

  test('a refusal stands at its field, and what was typed stays', async () => {
    const user = userEvent.setup();
    const backend = furnished({ rtsp_url: 'rtsp://10.0.0.2/main' });
    const refusal = new BackendError('substream_url has no host', 'invalid_request', 400);
    backend.answers.set('PATCH /api/streams/door', refusal);
    showApp(backend);
    const substream = await screen.findByTestId('add-substream');
    await user.type(substream, 'rtsp:///x');
    await user.click(screen.getByTestId('edit-save'));
    await waitFor(() =>
      expect(substream).toHaveAccessibleDescription('substream_url has no host.'),
    );
    expect(substream).toHaveValue('rtsp:///x');
  });

  test('removing leads to the cameras', async () => {
    const user = userEvent.setup();
    const backend = furnished();
    showApp(backend);
    await user.click(await screen.findByTestId('camera-remove'));
    await user.click(await screen.findByTestId('remove-confirm'));
    await waitFor(() => expect(currentRoute()).toEqual({ page: 'cameras' }));
    expect(backend.removed).toEqual(['door']);
  });

  test('its code is one click away', async () => {
    const user = userEvent.setup();
    showApp(furnished());
    await user.click(await screen.findByTestId('camera-code'));
    expect(screen.getByRole('dialog', { name: 'Read Front door from code' })).toBeVisible();
  });
});
