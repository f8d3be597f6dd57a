// The one interface between the screens and Fanlight. Only this folder knows whether the
// other side is the desktop shell or an HTTP server.
import type {
  DesktopSettings,
  DesktopSettingsPatch,
  FfmpegInfo,
  NewStream,
  StreamList,
} from './wire';

/** What the page knows about the program behind it. */
export interface AppInfo {
  version: string;
  apiUrl: string;
  /** Why scripts cannot reach the API, in words. */
  apiError: string | null;
  ffmpeg: FfmpegInfo | null;
  ffmpegError: string | null;
  /** Something a person should know about the saved camera list. */
  camerasNotice: string | null;
}

/** One picture that the page wants: which stream, and how large in device pixels. */
export interface WatchedTile {
  key: number;
  streamId: string;
  width: number;
  height: number;
}

/** What is known of the pictures that were painted in one place. */
export interface Painted {
  /** What came: pictures, or access units that were decoded here. */
  format: 'jpeg' | 'h264' | 'h265';
  /** Pictures on screen so far. */
  count: number;
  /** Pictures that were not, so far: skipped by the other side, or here. */
  dropped: number;
  width: number;
  height: number;
  /** Of the newest, milliseconds since 1970. */
  capturedAt: number;
  shownAt: number;
}

/** What pictures are painted on. */
export type Surface = HTMLCanvasElement | HTMLVideoElement;

/** Something to paint on in a tile's place. */
export interface SurfacePlace {
  surface: Surface;
  /** Tells what is on it, a few times a second. */
  painted(what: Painted): void;
  /** Called when it is gone from the page; until then its last picture is looked at. */
  onGone(call: () => void): void;
}

/** What to paint on in the place of the tile with this key; null when the tile is gone. */
export type GiveSurface = (key: number, kind: 'canvas' | 'video') => SurfacePlace | null;

/** When to give up on an answer. */
export interface Limits {
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** What the window around the page can do and a browser cannot. */
export interface Desktop {
  settings(): Promise<DesktopSettings>;
  /** Changes some of the settings; a refusal is a BackendError, with the field in `field`. */
  change(patch: DesktopSettingsPatch): Promise<DesktopSettings>;
  /** Shows a file or folder of Fanlight's own in the system's file manager. */
  reveal(path: string): Promise<void>;
  /** Told where to go by the tray or a notification, as a hash. */
  onNavigate(go: (hash: string) => void): () => void;
}

export interface Capabilities {
  /** Whether `desktop` is there. */
  desktop: boolean;
  /** Whether `<video>` plays what it finds at a `mediaUrl`; else scripts fetch it and feed it. */
  videoUrls: boolean;
}

export interface Backend {
  readonly capabilities: Capabilities;
  /** Null in a browser. */
  readonly desktop: Desktop | null;
  /** Calls back when the server wants a token first. The returned function ends it. */
  onSignInNeeded(told: () => void): () => void;
  /** Where `<img>` and `<video>` find something of the API. */
  mediaUrl(path: string): string;
  /**
   * Saves an answer of the API as a file. Resolves to where it is (its name, where a browser keeps
   * that to itself), or to null when the person changed their mind; a refusal is a BackendError.
   */
  saveAs(path: string, name: string): Promise<string | null>;
  /** Any call of the API; a refusal is a BackendError. */
  request<T>(method: string, path: string, body?: unknown, limits?: Limits): Promise<T>;
  info(): Promise<AppInfo>;
  listStreams(): Promise<StreamList>;
  addStream(stream: NewStream): Promise<void>;
  /** Removes a stream even while others read it. */
  removeStream(streamId: string): Promise<void>;
  /**
   * Calls back with the list whenever it changes, or null when the other side cannot push
   * and the list must be polled. The returned function ends it.
   */
  readonly pushStreams: ((news: (list: StreamList) => void) => () => void) | null;
  /** Declares all tiles the page shows now; the former set ends. */
  watch(tiles: WatchedTile[]): void;
  /**
   * Gives whoever paints the watched tiles something fresh to paint on, by the tile's key.
   * The returned function ends it.
   */
  onSurface(give: GiveSurface): () => void;
}

/** A refusal, with the server's own sentence and stable code. */
export class BackendError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
    /** Which setting was refused, where the other side says. */
    readonly field: string | null = null,
  ) {
    super(message);
    this.name = 'BackendError';
  }
}

/** No answer at all, as opposed to a refusal. */
export const UNREACHABLE = 'unreachable';

/** Reads an API answer: its JSON, or a BackendError made from the problem it describes. */
export function readAnswer<T>(status: number, body: string): T {
  let parsed: unknown = null;
  try {
    parsed = body === '' ? null : JSON.parse(body);
  } catch {
    throw new BackendError('The answer is not JSON', 'bad_answer', status);
  }
  if (status >= 200 && status < 300) return parsed as T;
  const problem = (parsed ?? {}) as Record<'error' | 'detail' | 'code' | 'field', unknown>;
  const words = [problem.error, problem.detail].find((text) => typeof text === 'string');
  throw new BackendError(
    (words as string | undefined) ?? `The server answered ${status}`,
    typeof problem.code === 'string' ? problem.code : 'unknown',
    status,
    typeof problem.field === 'string' ? problem.field : null,
  );
}

/** Signing in, out, and whether one has to. */
export const SESSION_PATH = '/api/session';

/** The path of one stream. */
export function streamPath(streamId: string): string {
  return `/api/streams/${encodeURIComponent(streamId)}`;
}
