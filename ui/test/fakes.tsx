// A backend in memory, cameras for it, and the app around both.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { onTestFinished } from 'vitest';
import { App } from '../src/app/App';
import { ServicesProvider } from '../src/app/context';
import {
  type AppInfo,
  type Backend,
  BackendError,
  type Desktop,
  type GiveSurface,
  type NewStream,
  type Stream,
  type StreamList,
  type StreamStatus,
  type SurfacePlace,
  type WatchedTile,
} from '../src/backend';
import { FrameHub } from '../src/player/hub';

type CameraParts = Partial<Omit<Stream, 'status'>> & { status?: Partial<StreamStatus> };

export function camera(id: string, { status, ...parts }: CameraParts = {}): Stream {
  return {
    stream_id: id,
    name: id,
    rtsp_url: 'rtsp://admin:***@192.168.1.20/stream1',
    width: 640,
    height: 480,
    is_running: true,
    client_count: 0,
    frame_count: 0,
    frame_buffer_size: 100,
    client_buffer_size: 10,
    dropped_frames: 0,
    created_at: '2026-01-01T00:00:00Z',
    video: { codec: 'h264', width: 1920, height: 1080, fps: 25, bitrate_kbps: 4000 },
    renditions: [],
    ...parts,
    status: {
      state: 'online',
      since: new Date().toISOString(),
      error: null,
      attempt: 0,
      next_try: null,
      ...status,
    },
  };
}

export class FakeBackend implements Backend {
  appInfo: AppInfo = {
    version: '0.1.0',
    apiUrl: 'http://127.0.0.1:8080',
    apiError: null,
    ffmpeg: { path: '/usr/bin/ffmpeg', version: '9.0' },
    ffmpegError: null,
    camerasNotice: null,
  };
  added: NewStream[] = [];
  removed: string[] = [];
  /** Every set of tiles declared so far. */
  watched: WatchedTile[][] = [];
  /** Set to refuse the next `addStream`. */
  refusal: Error | null = null;
  #give: GiveSurface | null = null;
  #painted = new Map<number, number>();
  #places = new Map<number, SurfacePlace | null>();
  #news: ((list: StreamList) => void) | null = null;

  constructor(public streams: Stream[] = []) {}

  /** What `request` answers, by `METHOD /path`. */
  answers = new Map<string, unknown>();
  /** Every `request` so far, with its body. */
  requests: [string, unknown][] = [];

  request = async <T,>(method: string, path: string, body?: unknown) => {
    const asked = `${method} ${path}`;
    this.requests.push([asked, body]);
    if (!this.answers.has(asked)) throw new BackendError(`no answer to ${asked}`, 'not_found', 404);
    const answer = this.answers.get(asked);
    if (answer instanceof Error) throw answer;
    return answer as T;
  };

  /** Set to be the window of the desktop app. */
  desktop: Desktop | null = null;
  get capabilities() {
    return { desktop: this.desktop !== null, videoUrls: this.desktop === null };
  }
  refuse: (() => void) | null = null;
  onSignInNeeded = (told: () => void) => {
    this.refuse = told;
    return () => {
      this.refuse = null;
    };
  };
  mediaUrl = (path: string) => path;
  /** Every file saved so far, as path of the API and name. */
  saved: [string, string][] = [];
  saveAs = async (path: string, name: string): Promise<string | null> => {
    this.saved.push([path, name]);
    return name;
  };

  info = async () => this.appInfo;
  listStreams = async () => ({ streams: this.streams });

  addStream = async (stream: NewStream) => {
    if (this.refusal) throw this.refusal;
    this.added.push(stream);
    this.streams = [
      ...this.streams,
      camera(stream.stream_id, {
        name: stream.name ?? stream.stream_id,
        status: { state: 'connecting' },
        video: null,
      }),
    ];
  };

  removeStream = async (streamId: string) => {
    this.removed.push(streamId);
    this.streams = this.streams.filter((stream) => stream.stream_id !== streamId);
  };

  readonly pushStreams = (news: (list: StreamList) => void) => {
    this.#news = news;
    return () => {
      this.#news = null;
    };
  };

  watch(tiles: WatchedTile[]) {
    this.watched.push(tiles);
  }

  onSurface(give: GiveSurface) {
    this.#give = give;
    return () => {
      this.#give = null;
    };
  }

  /** The list changes, as the desktop tells it. */
  push(streams: Stream[]) {
    this.streams = streams;
    act(() => this.#news?.({ streams }));
  }

  /** One more picture is painted in this tile. */
  frame(key: number) {
    const count = (this.#painted.get(key) ?? 0) + 1;
    this.#painted.set(key, count);
    if (!this.#places.has(key)) this.#places.set(key, this.#give?.(key, 'canvas') ?? null);
    const at = { capturedAt: Date.now(), shownAt: Date.now() };
    const size = { width: 640, height: 360 };
    this.#places.get(key)?.painted({ format: 'jpeg', count, dropped: 0, ...size, ...at });
  }
}

export const showApp = (backend: FakeBackend) => showPart(backend, <App />);

/** One part without the rest of the window. */
export function showPart(backend: FakeBackend, part: ReactNode) {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const hub = new FrameHub(backend);
  // After the tiles are unmounted, which is the last that it hears of them.
  onTestFinished(() => hub.end());
  return render(
    <QueryClientProvider client={queries}>
      <ServicesProvider backend={backend} hub={hub}>
        {part}
      </ServicesProvider>
    </QueryClientProvider>,
  );
}

/** Lets promises settle and timers due by then run. */
export const settle = (ms = 0) => act(() => new Promise<void>((done) => setTimeout(done, ms)));
