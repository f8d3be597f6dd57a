// What happened, chosen by camera and kind.
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test } from 'vitest';
import { currentRoute } from '../src/app/routes';
import { BackendError } from '../src/backend';
import { type FanlightEvent, type Filter, passes } from '../src/events/event';
import { camera, FakeBackend, showApp } from './fakes';

const RECENT = 'GET /api/events/recent?limit=500';
const event = (
  id: string,
  type: string,
  stream_id: string,
  parts: Partial<FanlightEvent> = {},
) => ({
  id,
  type,
  stream_id,
  time: '2026-01-01T10:00:00Z',
  ...parts,
});
const EVENTS: FanlightEvent[] = [
  event('6', 'consumer.joined', 'door', {
    consumer: { id: 1, kind: 'http', name: 'counter.py', pid: 9 },
  }),
  event('5', 'cameras.paused', ''),
  event('4', 'camera.offline', 'door', { error: { code: 'x', message: 'no answer' } }),
  event('3', 'camera.online', 'yard'),
  event('2', 'camera.removed', 'shed'),
  event('1', 'camera.stalled', 'yard'),
];

test.each<[Filter, string | null, string]>([
  ['all', null, '654321'],
  ['trouble', null, '541'],
  ['cameras', null, '54321'],
  ['readers', null, '6'],
  ['all', 'yard', '531'],
  ['trouble', 'door', '54'],
  ['readers', 'yard', ''],
])('%s of %s', (filter, streamId, ids) => {
  const shown = EVENTS.filter((each) => passes(each, filter, streamId));
  expect(shown.map(({ id }) => id).join('')).toBe(ids);
});

describe('the page', () => {
  beforeEach(() => window.history.replaceState(null, '', '#/events'));
  const items = () => screen.getAllByRole('listitem').map(({ textContent }) => textContent);

  function shown() {
    const backend = new FakeBackend([
      camera('door', { name: 'Door' }),
      camera('yard', { name: 'Yard' }),
    ]);
    backend.answers.set(RECENT, { events: EVENTS });
    showApp(backend);
    return backend;
  }

  test('tells what happened where, in words', async () => {
    const user = userEvent.setup();
    shown();
    // Who came and went would hide what happened to cameras, so it is there when asked for.
    await waitFor(() => expect(screen.getAllByRole('listitem')).toHaveLength(5));
    await user.selectOptions(screen.getByTestId('events-filter'), 'Everything');
    expect(items().map((text) => text?.replace(/\d\d?:\d\d:\d\d.*/, ''))).toEqual([
      'Door · counter.py began to readprocess 9',
      'All cameras paused',
      'Door · OfflineNo answer.',
      'Yard · Online',
      'shed · Removed',
      'Yard · Connected, but nothing comes',
    ]);
  });

  test('one camera and one kind can be chosen; the camera is in the address', async () => {
    const user = userEvent.setup();
    shown();
    await waitFor(() => expect(screen.getAllByRole('listitem')).toHaveLength(5));
    await user.selectOptions(screen.getByTestId('events-camera'), 'Yard');
    await waitFor(() => expect(screen.getAllByRole('listitem')).toHaveLength(3));
    expect(currentRoute()).toEqual({ page: 'events', camera: 'yard' });
    await user.selectOptions(screen.getByTestId('events-filter'), 'Readers');
    expect(screen.getByText(/fits this choice/)).toBeInTheDocument();
  });

  test('news come by themselves', async () => {
    const backend = shown();
    await waitFor(() => expect(screen.getAllByRole('listitem')).toHaveLength(5));
    backend.answers.set(RECENT, { events: [event('7', 'camera.online', 'door'), ...EVENTS] });
    await waitFor(() => expect(screen.getAllByRole('listitem')).toHaveLength(6));
    expect(
      within(screen.getAllByRole('listitem')[0] as HTMLElement).getByText(/Online/),
    ).toBeVisible();
  });

  test('a server without the list is told apart from a failure', async () => {
    const backend = new FakeBackend();
    showApp(backend);
    expect(await screen.findByText(/keeps no list of events/)).toBeInTheDocument();
  });

  test('a failure is told in its own words', async () => {
    const backend = new FakeBackend();
    backend.answers.set(RECENT, new BackendError('the log is busy', 'busy', 503));
    showApp(backend);
    expect(await screen.findByRole('alert')).toHaveTextContent('The log is busy.');
  });
});
