// The library of recordings, and recording one camera.
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { BackendError, type Desktop } from '../src/backend';
import { bytes } from '../src/lib/bytes';
import { byDay, dayWords, fileName, lengthWords } from '../src/recordings/days';
import { RecordControls } from '../src/recordings/RecordControls';
import type { Recorder, Recording, RecordingList } from '../src/recordings/wire';
import { camera, FakeBackend, showApp, showPart } from './fakes';

/** What stands in for hls.js: jsdom has no MediaSource. */
interface FakePlayer {
  config: object;
  source: string | undefined;
  media: HTMLVideoElement | undefined;
  loads: number;
  destroyed: boolean;
  tell: (error: { fatal: boolean; details: string }) => void;
}

const hls = vi.hoisted(() => ({ supported: true, players: [] as unknown[] }));
const players = hls.players as FakePlayer[];
const player = () => players.at(-1);

vi.mock('hls.js/light', () => ({
  default: class implements FakePlayer {
    static Events = { ERROR: 'hlsError' };
    static ErrorDetails = { LEVEL_EMPTY_ERROR: 'levelEmptyError' };
    static isSupported = () => hls.supported;
    source: string | undefined;
    media: HTMLVideoElement | undefined;
    loads = 0;
    destroyed = false;
    #heard: (event: string, error: object) => void = () => {};

    constructor(readonly config: object) {
      hls.players.push(this);
    }
    on(_: string, heard: (event: string, error: object) => void) {
      this.#heard = heard;
    }
    attachMedia(media: HTMLVideoElement) {
      this.media = media;
    }
    loadSource(source: string) {
      this.source = source;
      this.loads += 1;
    }
    destroy() {
      this.destroyed = true;
    }
    tell = (error: object) => act(() => this.#heard('hlsError', error));
  },
}));

beforeEach(() => {
  hls.supported = true;
  players.length = 0;
});

function recording(id: string, parts: Partial<Recording> = {}): Recording {
  return {
    id,
    stream_id: 'door',
    name: 'Front door',
    kind: 'recording',
    started_at: new Date(2026, 4, 2, 10, 0, 0).toISOString(),
    duration_seconds: 65,
    bytes: 5_000_000,
    codec: 'h264',
    width: 1920,
    height: 1080,
    in_progress: false,
    file: `/var/recordings/door/${id}.mp4`,
    ...parts,
  };
}

function library(recordings: Recording[], parts: Partial<RecordingList> = {}): RecordingList {
  return {
    recordings,
    folder: '/var/recordings',
    total_bytes: 25_000_000_000,
    quota_bytes: 100_000_000_000,
    free_bytes: 300_000_000_000,
    error: null,
    ...parts,
  };
}

const FIRST_PAGE = 'GET /api/recordings?limit=60';

function server(list: RecordingList | Error) {
  const backend = new FakeBackend([camera('door', { name: 'Front door' }), camera('yard')]);
  backend.answers.set(FIRST_PAGE, list);
  return backend;
}

function open(backend: FakeBackend, hash = '#/recordings') {
  window.location.hash = hash;
  showApp(backend);
  return userEvent.setup();
}

describe('words', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1_250_000, '1.3 MB'],
    [999_960, '1 MB'],
    [50_000_000_000, '50 GB'],
  ])('%d bytes are %s', (count, words) => {
    expect(bytes('en', count)).toBe(words);
  });

  test.each([
    [0.4, '0:00'],
    [65, '1:05'],
    [3600, '1:00:00'],
    [3599.6, '1:00:00'],
  ])('%d seconds are %s', (seconds, words) => {
    expect(lengthWords(seconds)).toBe(words);
  });

  test('days', () => {
    const now = new Date(2026, 4, 2, 0, 30).getTime();
    const day = (...at: [number, number, number]) => new Date(...at).getTime();
    expect(dayWords(day(2026, 4, 2), now, 'en')).toBe('Today');
    expect(dayWords(day(2026, 4, 1), now, 'en')).toBe('Yesterday');
    expect(dayWords(day(2026, 3, 30), now, 'en-GB')).toBe('Thursday 30 April');
    expect(dayWords(day(2025, 3, 30), now, 'en-GB')).toMatch(/2025$/);
  });

  test('recordings fall into the days they began on, and keep their order', () => {
    const at = (day: number, hour: number) => new Date(2026, 4, day, hour).toISOString();
    const days = byDay([
      recording('c', { started_at: at(2, 0) }),
      recording('b', { started_at: at(1, 23) }),
      recording('a', { started_at: at(1, 1) }),
    ]);
    expect(days.map((day) => day.recordings.map(({ id }) => id))).toEqual([['c'], ['b', 'a']]);
  });

  test('files', () => {
    const time = new Date(2026, 0, 2, 3, 4, 5);
    expect(fileName('Front door', time, 'mp4')).toBe('Front door 2026-01-02 03-04-05.mp4');
    expect(fileName('a/b: "c"', time, 'jpg')).toBe('a b c 2026-01-02 03-04-05.jpg');
    expect(fileName('../..', time, 'png')).toBe('.. .. 2026-01-02 03-04-05.png');
    expect(fileName(' / ', time, 'png')).toBe('camera 2026-01-02 03-04-05.png');
  });
});

describe('the library', () => {
  test('shows what there is, and how much room', async () => {
    open(
      server(
        library([
          recording('live', { in_progress: true }),
          recording('r1', { kind: 'clip', duration_seconds: 30 }),
        ]),
      ),
    );
    const card = await screen.findByTestId('recording-r1');
    expect(card).toHaveTextContent(/Clip.*0:30.*Front door.*10:00:00.* · 5 MB/);
    expect(card.querySelector('img')).toHaveAttribute(
      'src',
      '/api/recordings/r1/thumbnail?width=320',
    );
    expect(screen.getByTestId('recording-live')).toHaveTextContent('Recording now');
    expect(screen.queryByTestId('recording-choose-live')).not.toBeInTheDocument();
    expect(screen.getByTestId('recordings-storage')).toHaveTextContent(
      /25 GB of 100 GB used.*300 GB free/,
    );
  });

  test('older ones come a page at a time', async () => {
    const full = Array.from({ length: 60 }, (_, n) =>
      recording(`r${n}`, {
        started_at: new Date(Date.UTC(2026, 4, 2, 10) - n * 1000).toISOString(),
      }),
    );
    const backend = server(library(full));
    backend.answers.set(
      'GET /api/recordings?limit=60&before=r59',
      library([full[59] as Recording, recording('older')]),
    );
    const user = open(backend);
    await user.click(await screen.findByTestId('recordings-more'));
    expect(await screen.findByTestId('recording-older')).toBeInTheDocument();
    expect(screen.getAllByTestId('recording-r59')).toHaveLength(1);
    expect(screen.queryByTestId('recordings-more')).not.toBeInTheDocument();
    // Sixty cards take their time in jsdom.
  }, 30_000);

  test('the camera is part of the address', async () => {
    const backend = server(library([recording('r1')]));
    backend.answers.set('GET /api/recordings?limit=60&stream_id=yard', library([]));
    const user = open(backend);
    await user.selectOptions(await screen.findByTestId('recordings-camera'), 'yard');
    expect(await screen.findByTestId('recordings-empty')).toHaveTextContent('no recordings');
    expect(window.location.hash).toBe('#/recordings?camera=yard');
  });

  test('several are deleted after one question', async () => {
    const backend = server(library([recording('r1'), recording('r2'), recording('r3')]));
    backend.answers.set('DELETE /api/recordings/r1', { message: '', id: 'r1' });
    backend.answers.set(
      'DELETE /api/recordings/r2',
      new BackendError('it is being written', 'recording_in_progress', 409),
    );
    const user = open(backend);
    await user.click(await screen.findByTestId('recording-choose-r1'));
    await user.click(screen.getByTestId('recording-choose-r2'));
    expect(screen.getByTestId('recordings-selection')).toHaveTextContent('2 selected · 10 MB');
    await user.click(screen.getByTestId('recordings-delete'));
    expect(screen.getByRole('button', { name: 'Keep' })).toHaveFocus();
    expect(screen.getByRole('alertdialog')).toHaveTextContent('10 MB are freed');
    const asked = () => backend.requests.filter(([what]) => what.startsWith('DELETE'));
    expect(asked()).toEqual([]);
    backend.answers.set(FIRST_PAGE, library([recording('r2'), recording('r3')]));
    await user.click(screen.getByTestId('recordings-delete-confirm'));
    await waitFor(() => expect(screen.queryByTestId('recording-r1')).not.toBeInTheDocument());
    expect(asked()).toHaveLength(2);
    expect(await screen.findByText('1 recording deleted')).toBeInTheDocument();
    expect(await screen.findByText('Not deleted. It is being written.')).toBeInTheDocument();
  });

  test('a whole day is chosen at once, without what is still being written', async () => {
    const backend = server(library([recording('live', { in_progress: true }), recording('r1')]));
    const user = open(backend);
    await user.click(await screen.findByRole('checkbox', { name: /^Select all/ }));
    expect(screen.getByTestId('recordings-selection')).toHaveTextContent('1 selected');
  });

  test('a file is saved under its own name, and shown where there is a desktop', async () => {
    const backend = server(library([recording('r1')]));
    const reveal = vi.fn(async () => {});
    backend.desktop = {
      settings: async () => ({}),
      onNavigate: () => () => {},
      reveal,
    } as unknown as Desktop;
    const user = open(backend);
    await user.click(await screen.findByTestId('recording-menu-r1'));
    await user.click(screen.getByRole('menuitem', { name: /Save/ }));
    await waitFor(() =>
      expect(backend.saved).toEqual([
        ['/api/recordings/r1/video?download=1', 'Front door 2026-05-02 10-00-00.mp4'],
      ]),
    );
    await user.click(screen.getByTestId('recording-menu-r1'));
    await user.click(screen.getByRole('menuitem', { name: /Show in folder/ }));
    expect(reveal).toHaveBeenCalledWith('/var/recordings/door/r1.mp4');
  });

  test.each([
    ['disk_full', /disk is full.*no room left/i],
    ['something_new', /Recording has stopped.*no room left/i],
  ])('%s is said at the top, with the way to the settings', async (code, words) => {
    open(server(library([], { error: { code, message: 'no room left' } })));
    const trouble = await screen.findByTestId('recordings-trouble');
    expect(trouble).toHaveTextContent(words);
    expect(within(trouble).getByRole('link')).toHaveAttribute('href', '#/settings');
  });

  test.each([
    [new BackendError('off', 'recordings_off', 403), /switched off/],
    [new BackendError('nothing', 'not_found', 404), /cannot record/],
    [new BackendError('it broke', 'internal', 500), /It broke/],
  ])('%s', async (refusal, words) => {
    open(server(refusal));
    expect(await screen.findByTestId('recordings-trouble')).toHaveTextContent(words);
  });
});

describe('playing', () => {
  const list = library([recording('new'), recording('old', { codec: 'h265' })]);

  test('a recording opens by its address, and keys lead to the ones beside it', async () => {
    const user = open(server(list), '#/recordings?play=new');
    const video = await screen.findByTestId('player-video');
    expect(video).toHaveAttribute('src', '/api/recordings/new/video');
    video.focus();
    await user.keyboard('{PageDown}');
    expect(window.location.hash).toBe('#/recordings?play=old');
    await waitFor(() =>
      expect(screen.getByTestId('player-video')).toHaveAttribute(
        'src',
        '/api/recordings/old/video',
      ),
    );
    await user.keyboard('{Escape}');
    expect(window.location.hash).toBe('#/recordings');
    await waitFor(() => expect(screen.queryByTestId('player-video')).not.toBeInTheDocument());
  });

  test('H.265 that a browser cannot play is said, and the file offered', async () => {
    const backend = server(list);
    const user = open(backend, '#/recordings?play=old');
    fireEvent.error(await screen.findByTestId('player-video'));
    const words = screen.getByTestId('player-broken');
    expect(words).toHaveTextContent(/cannot play H\.265.*VLC/);
    await user.click(within(words).getByRole('button'));
    expect(backend.saved).toEqual([
      ['/api/recordings/old/video?download=1', 'Front door 2026-05-02 10-00-00.mp4'],
    ]);
  });
});

describe('playing in the window', () => {
  const list = library([recording('r1'), recording('r2', { codec: 'h265' })]);

  function openWindow(hash: string) {
    const backend = server(list);
    backend.desktop = { onNavigate: () => () => {} } as unknown as Desktop;
    return { backend, user: open(backend, hash) };
  }

  test('the parts of the playlist are fed to the element, until it is closed', async () => {
    const { user } = openWindow('#/recordings?play=r1');
    const video = await screen.findByTestId('player-video');
    await waitFor(() => expect(player()?.source).toBe('/api/recordings/r1/playlist.m3u8'));
    expect(video).not.toHaveAttribute('src');
    expect(player()?.media).toBe(video);
    // The policy of the window allows no workers made of text.
    expect(player()?.config).toMatchObject({ enableWorker: false });
    video.focus();
    await user.keyboard('{PageDown}');
    await waitFor(() => expect(player()?.source).toBe('/api/recordings/r2/playlist.m3u8'));
    expect(players[0]?.destroyed).toBe(true);
    await user.keyboard('{Escape}');
    await waitFor(() => expect(player()?.destroyed).toBe(true));
  });

  test('what goes wrong for good is said, and the file offered', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { backend, user } = openWindow('#/recordings?play=r2');
    await waitFor(() => expect(player()?.source).toBeDefined());
    player()?.tell({ fatal: false, details: 'bufferStalledError' });
    expect(screen.queryByTestId('player-broken')).not.toBeInTheDocument();
    player()?.tell({ fatal: true, details: 'bufferAddCodecError' });
    const words = await screen.findByTestId('player-broken');
    expect(words).toHaveTextContent(/cannot play H\.265/);
    expect(player()?.destroyed).toBe(true);
    await user.click(within(words).getByRole('button'));
    expect(backend.saved[0]?.[0]).toBe('/api/recordings/r2/video?download=1');
  });

  test('a recording that has just begun is asked for again', async () => {
    openWindow('#/recordings?play=r1');
    await waitFor(() => expect(player()?.source).toBeDefined());
    player()?.tell({ fatal: true, details: 'levelEmptyError' });
    await waitFor(() => expect(player()?.loads).toBe(2));
    expect(screen.getByTestId('player-video')).toBeInTheDocument();
  });

  test('a web view that can be fed nothing says so', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    hls.supported = false;
    openWindow('#/recordings?play=r1');
    expect(await screen.findByTestId('player-broken')).toBeVisible();
    expect(players).toHaveLength(0);
  });
});

describe('recording one camera', () => {
  const door = camera('door', { name: 'Front door' });
  const recorder = (parts: Partial<Recorder> = {}): Recorder => ({
    schedule: 'off',
    state: 'off',
    since: null,
    file: null,
    bytes: 0,
    error: null,
    ...parts,
  });
  const RUNNING = recorder({ state: 'recording', since: '2026-05-02T10:00:00Z', bytes: 34e6 });

  function controls(now: Recorder | Error, ...answers: [string, unknown][]) {
    const backend = new FakeBackend([door]);
    backend.answers.set('GET /api/streams/door/recording', now);
    for (const [request, answer] of answers) backend.answers.set(request, answer);
    showPart(backend, <RecordControls camera={door} />);
    return { backend, user: userEvent.setup() };
  }

  test('starts and stops by hand', async () => {
    const { backend, user } = controls(recorder());
    backend.answers.set('POST /api/streams/door/recording', RUNNING);
    const button = await screen.findByTestId('record-now');
    expect(button).toHaveTextContent('Record now');
    backend.answers.set('GET /api/streams/door/recording', RUNNING);
    await user.click(button);
    expect(await screen.findByText(/Recording since .*, 34 MB/)).toBeVisible();
    backend.answers.set('DELETE /api/streams/door/recording', recorder());
    backend.answers.set('GET /api/streams/door/recording', recorder());
    await user.click(screen.getByRole('button', { name: 'Stop recording' }));
    expect(await screen.findByText('Not recording')).toBeVisible();
  });

  test('always is a setting of the camera', async () => {
    const { backend, user } = controls(recorder());
    backend.answers.set('PATCH /api/streams/door', {});
    backend.answers.set('GET /api/streams/door/recording', recorder({ schedule: 'always' }));
    await user.click(await screen.findByRole('switch', { name: 'Record always' }));
    expect(backend.requests).toContainEqual(['PATCH /api/streams/door', { record: 'always' }]);
    await waitFor(() => expect(screen.getByRole('switch')).toBeChecked());
  });

  test('the last seconds become a clip, and a picture a file', async () => {
    const { backend, user } = controls(recorder());
    backend.answers.set('POST /api/streams/door/clip', recording('c1', { kind: 'clip' }));
    await user.click(await screen.findByTestId('record-clip'));
    expect(backend.requests).toContainEqual(['POST /api/streams/door/clip', { seconds: 30 }]);
    expect(screen.getByTestId('record-clip')).toHaveTextContent('Save the last moments');
    await user.click(screen.getByTestId('record-picture'));
    await user.click(await screen.findByTestId('record-picture-png'));
    await waitFor(() => expect(backend.saved).toHaveLength(1));
    expect(backend.saved[0]?.[0]).toBe('/api/streams/door/frame?format=png&width=1920&height=1080');
    expect(backend.saved[0]?.[1]).toMatch(/^Front door \d{4}-.*\.png$/);
  });

  test('a clip is as long as the settings say', async () => {
    const settings = { folder: '/r', quota_bytes: null, free_bytes: 1e9, segment_seconds: 600 };
    const { backend, user } = controls(recorder(), [
      'GET /api/settings/recordings',
      { ...settings, clip_seconds: 90 },
    ]);
    backend.answers.set('POST /api/streams/door/clip', recording('c1', { kind: 'clip' }));
    await user.click(await screen.findByRole('button', { name: 'Save the last 90 s' }));
    expect(backend.requests).toContainEqual(['POST /api/streams/door/clip', { seconds: 90 }]);
  });

  test('why it failed is said, with the way out', async () => {
    controls(recorder({ state: 'failed', error: { code: 'disk_full', message: 'full' } }));
    expect(await screen.findByText(/Recording has failed/)).toBeVisible();
    expect(screen.getByText(/Delete recordings, or choose/)).toBeVisible();
    expect(screen.getByRole('link', { name: 'Recording settings' })).toBeVisible();
  });

  test('a server that cannot record says so; a picture can be saved all the same', async () => {
    controls(new BackendError('nothing there', 'not_found', 404));
    expect(await screen.findByText(/cannot record/)).toBeVisible();
    expect(screen.queryByTestId('record-now')).not.toBeInTheDocument();
    expect(screen.getByTestId('record-picture')).toBeVisible();
  });

  test("a tile's menu does the same, and leads to the camera's page", async () => {
    const backend = new FakeBackend([{ ...door, recording: 'off' }]);
    backend.answers.set('POST /api/streams/door/recording', RUNNING);
    backend.answers.set('POST /api/streams/door/clip', recording('c1', { kind: 'clip' }));
    showApp(backend);
    const user = userEvent.setup();
    const menu = async (entry: string) => {
      await user.click(await screen.findByTestId('tile-menu-door'));
      await user.click(screen.getByTestId(entry));
    };
    await menu('tile-record');
    expect(backend.requests).toContainEqual(['POST /api/streams/door/recording', undefined]);
    backend.push([{ ...door, recording: 'recording' }]);
    await user.click(screen.getByTestId('tile-menu-door'));
    expect(screen.getByTestId('tile-record')).toHaveTextContent('Stop recording');
    await user.keyboard('{Escape}');
    await menu('tile-picture');
    await waitFor(() => expect(backend.saved).toHaveLength(1));
    await menu('tile-clip');
    await user.click(await screen.findByRole('button', { name: 'Show' }));
    expect(window.location.hash).toBe('#/recordings?camera=door&play=c1');
    window.location.hash = '#/';
    await menu('tile-details');
    expect(window.location.hash).toBe('#/camera/door');
  }, 20_000);
});
