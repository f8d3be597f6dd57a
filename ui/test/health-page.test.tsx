// The list of how all cameras do.
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test } from 'vitest';
import { BackendError, type History, type StreamState } from '../src/backend';
import { badness, rateOf, worstFirst } from '../src/health/order';
import { camera, FakeBackend, showApp } from './fakes';

const history = (frames: number[], reconnects = 0): History => ({
  until: '2026-01-01T00:00:10Z',
  step_seconds: 1,
  frames,
  kbit: frames,
  keyframes: frames,
  lost: frames,
  reconnects: frames.map((_, i) => (i === 0 ? reconnects : 0)),
});
const steady = history(new Array(60).fill(25));
const slow = history([...new Array(60).fill(25), 5, 5, 5, 5, 5]);

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const cam = (id: string, state: StreamState, minute = 0) =>
  camera(id, { status: { state, since: at(minute) } });

describe('order', () => {
  test('the usual rate is known after a while only', () => {
    expect(rateOf(steady)).toEqual({ now: 25, usual: 25 });
    expect(rateOf(slow)).toEqual({ now: 5, usual: 25 });
    expect(rateOf(history([25, 25, 5]))).toMatchObject({ usual: null });
    expect(rateOf(history([]))).toEqual({ now: 0, usual: null });
  });

  test('a camera that was away is not judged by the seconds without pictures', () => {
    const back = history([...new Array(200).fill(0), ...new Array(25).fill(25)]);
    expect(rateOf(back)).toEqual({ now: 25, usual: 25 });
  });

  test('the worst first, the longest so before others, healthy ones by name', () => {
    const frozen = camera('frozen', { status: { state: 'online', frozen_since: at(1) } });
    const sorted = worstFirst(
      [
        cam('b-fine', 'online', 1),
        cam('a-fine', 'online', 5),
        cam('slow', 'online'),
        cam('asleep', 'stopped'),
        cam('new', 'connecting'),
        frozen,
        cam('silent', 'stalled'),
        cam('away', 'reconnecting', 9),
        cam('long-away', 'reconnecting', 2),
        cam('locked', 'auth_failed'),
      ],
      new Map([['slow', slow]]),
    );
    expect(sorted.map(({ stream_id }) => stream_id)).toEqual([
      'locked',
      'long-away',
      'away',
      'silent',
      'frozen',
      'slow',
      'new',
      'a-fine',
      'asleep',
      'b-fine',
    ]);
    expect(badness(cam('x', 'online'), steady)).toBe(0);
  });
});

describe('the page', () => {
  beforeEach(() => window.history.replaceState(null, '', '#/health'));

  test('says what is wrong, what to try, and leads to the camera', async () => {
    const error = { code: 'auth_failed', message: 'the camera refused admin', certificate: null };
    const backend = new FakeBackend([
      camera('door', { name: 'Door' }),
      camera('yard', { name: 'Yard', status: { state: 'auth_failed', error, attempt: 2 } }),
    ]);
    backend.answers.set('GET /api/streams/door/history', slow);
    backend.answers.set('GET /api/streams/yard/history', history([0, 0], 2));
    showApp(backend);
    const yard = await screen.findByTestId('health-yard');
    expect(yard).toHaveTextContent('Sign-in failed');
    expect(yard).toHaveTextContent('The camera refused admin.');
    expect(yard).toHaveTextContent(/Type the user and password again/);
    expect(yard).toHaveTextContent('2 failed tries · No further try until a setting changes');
    await waitFor(() => expect(yard).toHaveTextContent('2 reconnects in 5 min'));
    expect(within(yard).getByRole('link', { name: 'Yard' })).toHaveAttribute(
      'href',
      '#/camera/yard',
    );
    const door = screen.getByTestId('health-door');
    await waitFor(() => expect(door).toHaveTextContent('5 of usually 25 pictures/s'));
    expect(screen.getByText('2 cameras need a look')).toBeInTheDocument();
    expect(yard.compareDocumentPosition(door)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  });

  test('connects a camera anew, and tells when that is refused', async () => {
    const user = userEvent.setup();
    const backend = new FakeBackend([camera('door', { name: 'Door' })]);
    backend.answers.set('POST /api/streams/door/restart', {});
    showApp(backend);
    const restart = await screen.findByRole('button', { name: 'Reconnect Door' });
    await user.click(restart);
    expect(backend.requests).toContainEqual(['POST /api/streams/door/restart', {}]);
    expect(await screen.findByText('Door is being connected anew')).toBeInTheDocument();
    const gone = new BackendError('no such stream', 'stream_not_found', 404);
    backend.answers.set('POST /api/streams/door/restart', gone);
    await user.click(restart);
    expect(await screen.findByText('No such stream.')).toBeInTheDocument();
  });

  test('without cameras says so', async () => {
    showApp(new FakeBackend());
    expect(await screen.findByText(/no cameras yet/)).toBeInTheDocument();
  });
});
