// RTSPStreamClient: one stream of one server. What is seen of it from outside; the work is done by
// a session (session.ts), in this page or in a worker, and by rest.ts.
import { FIRST_DELAY_MS, MAX_DELAY_MS } from './backoff';
import type { SocketClass } from './connection';
import {
  type ClientStats,
  type ConnectionState,
  emptyStats,
  type Received,
  type SessionEvents,
  type Size,
  type Watcher,
} from './events';
import { feedOf } from './feed';
import type { FrameFormat, WantedFormat, WhichStream } from './format';
import { canLeavePage, OffPage } from './offpage';
import { Rest, type StreamInfo } from './rest';
import { Session, type SessionOptions, SILENCE_MS } from './session';

export interface ClientOptions {
  /**
   * What to ask for. `bgr24` (default) is raw pixels at the stream's own size; `jpeg` about a
   * fiftieth of the bytes; `h264` and `h265` what the camera sends, decoded here for the canvas;
   * `auto` the camera's own codec where this browser decodes it, else `jpeg`. What cannot be
   * decoded falls back to `jpeg` by itself: see `getStats().format` and `.fallback`.
   */
  format?: WantedFormat;
  /** Size to ask for, in pixels, without it the stream's own; for `bgr24` and `jpeg`. */
  width?: number;
  height?: number;
  /** Of a camera's two streams the one for `h264`, `h265` and `auto`. Default `main`. */
  stream?: WhichStream;
  /**
   * Connect, decode and draw in a worker, where that is possible. A canvas then belongs to the
   * client for good: nobody else can draw on it. Default false.
   */
  worker?: boolean;
  /** Come back after a lost connection until `disconnect()`. Default true. */
  reconnect?: boolean;
  /** Bounds of the delay between attempts, in milliseconds. */
  reconnectDelayMs?: { first?: number; max?: number };
  /** For a server that asks for one. */
  token?: string;
  /** The WebSocket class, for runtimes without a global one. */
  WebSocket?: SocketClass;
}

/** Statistics as of this frame, plus what the frame's own header told (null without one). */
export interface FrameStats extends ClientStats {
  sequence: number | null;
  captureTime: number | null;
  /** Whether the bytes can be decoded without those before. */
  keyframe: boolean;
}

export type FrameCallback = (
  bytes: Uint8Array<ArrayBuffer>,
  width: number,
  height: number,
  stats: FrameStats,
) => void;

export interface ConnectionStatus {
  state: ConnectionState;
  isConnected: boolean;
  /** Frames come: the newest is at most three seconds old. */
  isLive: boolean;
  reconnectAttempts: number;
  /** Whether a worker does the work; null while that is not known. */
  inWorker: boolean | null;
  serverUrl: string;
  streamId: string;
}

export type { FrameFormat, WantedFormat };

export class RTSPStreamClient {
  readonly serverUrl: string;
  streamId: string;

  #options: ClientOptions;
  #rest: Rest;
  #watcher: Watcher | null = null;
  #canvas: HTMLCanvasElement | null = null;
  #video: { element: HTMLVideoElement; end: () => void } | null = null;
  #state: ConnectionState = 'disconnected';
  #attempts = 0;
  #size: Size | null = null;
  /** Settles when the socket of the last `disconnect()` has closed. */
  #closed: Promise<void> = Promise.resolve();
  #onFrame: FrameCallback | null = null;
  #onError: ((message: string) => void) | null = null;
  #onConnect: (() => void) | null = null;
  #onDisconnect: (() => void) | null = null;

  /**
   * @param serverUrl `ws://host:port` (`http://` is understood too)
   * @param streamId the stream to start, stop and watch
   */
  constructor(
    serverUrl = 'ws://localhost:8080',
    streamId = 'camera1',
    options: ClientOptions = {},
  ) {
    this.serverUrl = serverUrl.replace(/\/+$/, '').replace(/^http/, 'ws');
    this.streamId = streamId;
    this.#options = options;
    this.#rest = new Rest(this.serverUrl.replace(/^ws/, 'http'), options.token);
  }

  /** Draws every following frame on this canvas, sized to the picture. `null` stops that. */
  setupCanvas(canvas: HTMLCanvasElement | null): void {
    if (canvas === this.#canvas) return;
    this.#letGoOfVideo();
    this.#canvas = canvas;
    this.#watch().setCanvas(canvas);
  }

  /**
   * Shows every following frame in this video, muted and by itself, in place of a canvas: several
   * pictures at a time cost half as much this way. `null` stops that. Throws where the browser cannot
   * (`canFeedVideo()` tells).
   */
  setupVideo(video: HTMLVideoElement | null): void {
    if (video === (this.#video?.element ?? null)) return;
    this.#letGoOfVideo();
    this.#canvas = null;
    if (video === null) {
      this.#watch().setFeed(null);
      return;
    }
    const { pictures, end } = feedOf(video);
    this.#video = { element: video, end };
    this.#watch().setFeed(pictures);
  }

  #letGoOfVideo(): void {
    this.#video?.end();
    this.#video = null;
  }

  /** Starts the stream on the server. False, and `onError`, when the server refuses. */
  async startStream(rtspUrl: string, width?: number, height?: number): Promise<boolean> {
    const size = { ...(width && { width }), ...(height && { height }) };
    return this.#start({ stream_id: this.streamId, rtsp_url: rtspUrl, ...size });
  }

  /** Like `startStream`, but the server derives the id from the URL and `streamId` becomes it. */
  async startStreamWithURL(rtspUrl: string, width?: number, height?: number): Promise<boolean> {
    const size = { ...(width && { width }), ...(height && { height }) };
    return this.#start({ rtsp_url: rtspUrl, ...size });
  }

  /** Stops the stream unless someone reads it, this client included: `disconnect()` first. */
  async stopStream(): Promise<boolean> {
    // Right after disconnect() the server may still count us among its readers.
    await this.#closed;
    return (await this.#ask(() => this.#rest.stop(this.streamId, false).then(() => true))) ?? false;
  }

  /** Stops the stream for everyone. */
  async forceStopStream(): Promise<boolean> {
    return (await this.#ask(() => this.#rest.stop(this.streamId, true).then(() => true))) ?? false;
  }

  /** What the server knows about the stream, or null (and `onError`) when it does not answer. */
  getStreamStats(): Promise<StreamInfo | null> {
    return this.#ask(() => this.#rest.stats(this.streamId));
  }

  /** All streams of the server; empty (and `onError`) when it does not answer. */
  async listStreams(): Promise<StreamInfo[]> {
    return (await this.#ask(() => this.#rest.list())) ?? [];
  }

  /** Connects and stays connected until `disconnect()`. Does nothing when already at it. */
  connect(): void {
    if (this.#state !== 'disconnected') return;
    this.#state = 'connecting';
    this.#attempts = 0;
    this.#watch().connect(this.streamId, this.#size);
  }

  /** Ends the connection and every further attempt. */
  disconnect(): void {
    const before = this.#state;
    this.#state = 'disconnected';
    if (before !== 'disconnected' && this.#watcher) this.#closed = this.#watcher.disconnect();
    if (before === 'connected') this.#onDisconnect?.();
  }

  /** Disconnects and lets go of the canvas, the video and the worker. For a client that is not used again. */
  destroy(): void {
    this.disconnect();
    const watcher = this.#watcher;
    this.#watcher = null;
    this.#canvas = null;
    this.#letGoOfVideo();
    // A worker that ends too early leaves its socket to the browser, which closes it later.
    void this.#closed.then(() => watcher?.destroy());
  }

  /** Each of these keeps one callback; `null` removes it. */
  onFrame(callback: FrameCallback | null): void {
    this.#onFrame = callback;
    this.#watcher?.wantFrames(callback !== null);
  }
  onError(callback: ((message: string) => void) | null): void {
    this.#onError = callback;
  }
  onConnect(callback: (() => void) | null): void {
    this.#onConnect = callback;
  }
  onDisconnect(callback: (() => void) | null): void {
    this.#onDisconnect = callback;
  }

  getStats(): ClientStats {
    return this.#watcher?.stats() ?? emptyStats();
  }

  resetStats(): void {
    this.#watcher?.resetStats();
  }

  getConnectionStatus(): ConnectionStatus {
    const isConnected = this.#state === 'connected';
    const newest = this.#watcher?.stats().lastFrameTime ?? null;
    const isLive = isConnected && newest !== null && Date.now() - newest < SILENCE_MS;
    return {
      state: this.#state,
      isConnected,
      isLive,
      reconnectAttempts: isLive ? 0 : this.#attempts,
      inWorker: this.#watcher instanceof OffPage ? this.#watcher.inWorker : false,
      serverUrl: this.serverUrl,
      streamId: this.streamId,
    };
  }

  /** Whoever does the watching, made when it is first needed. */
  #watch(): Watcher {
    if (this.#watcher) return this.#watcher;
    const options = sessionOptions(this.serverUrl, this.#options);
    // What is told by a watcher that was let go of is no news.
    const current = () => this.#watcher === watcher;
    const events: SessionEvents = {
      onState: (state, attempts) => current() && this.#changed(state, attempts),
      onFrame: (frame, stats) => current() && this.#deliver(frame, stats),
      onError: (message) => current() && this.#onError?.(message),
    };
    const away = this.#options.worker && canLeavePage(options);
    const watcher = away ? new OffPage(options, events) : new Session(options, events);
    this.#watcher = watcher;
    watcher.wantFrames(this.#onFrame !== null);
    return watcher;
  }

  #changed(state: ConnectionState, attempts: number): void {
    const before = this.#state;
    // News of a worker that has not heard of our disconnect() yet.
    if (before === 'disconnected' && state !== 'disconnected') return;
    this.#state = state;
    this.#attempts = attempts;
    if (state === 'connected') this.#onConnect?.();
    else if (before === 'connected') this.#onDisconnect?.();
  }

  #deliver(
    { bytes, width, height, sequence, captureTime, keyframe }: Received,
    stats: ClientStats,
  ) {
    if (this.#state !== 'connected') return;
    this.#onFrame?.(bytes, width, height, { ...stats, sequence, captureTime, keyframe });
  }

  async #start(body: Parameters<Rest['start']>[0]): Promise<boolean> {
    const answer = await this.#ask(() => this.#rest.start(body));
    if (!answer) return false;
    if (answer.stream_id) this.streamId = answer.stream_id;
    const { width, height } = answer;
    if (width && height) this.#size = { width, height };
    return true;
  }

  async #ask<T>(call: () => Promise<T>): Promise<T | null> {
    try {
      return await call();
    } catch (cause) {
      this.#onError?.(cause instanceof Error ? cause.message : String(cause));
      return null;
    }
  }
}

function sessionOptions(serverUrl: string, options: ClientOptions): SessionOptions {
  return {
    serverUrl,
    format: options.format ?? 'bgr24',
    stream: options.stream,
    width: options.width,
    height: options.height,
    reconnect: options.reconnect ?? true,
    firstDelayMs: options.reconnectDelayMs?.first ?? FIRST_DELAY_MS,
    maxDelayMs: options.reconnectDelayMs?.max ?? MAX_DELAY_MS,
    token: options.token,
    WebSocket: options.WebSocket,
  };
}
