// RTSPStreamClient: one stream of one server, its WebSocket and the statistics of what came
// through it. Drawing is in painter.ts, HTTP in rest.ts, bytes in pixels.ts.
import { backoffDelay, FIRST_DELAY_MS, MAX_DELAY_MS } from './backoff';
import { CanvasPainter } from './painter';
import { HEADER_BYTES, parseHeader } from './pixels';
import { Rest, type StreamInfo } from './rest';

export type FrameFormat = 'bgr24' | 'jpeg';
export type ConnectionState = 'disconnected' | 'connecting' | 'connected' | 'reconnecting';

export interface ClientOptions {
  /**
   * What the server sends. `bgr24` (default) is raw pixels at the stream's own size and
   * nothing else in a message; `jpeg` adds sequence, capture time and size to each.
   */
  format?: FrameFormat;
  /** Size to ask for, in pixels; without it the stream's own. */
  width?: number;
  height?: number;
  /** Come back after a lost connection until `disconnect()`. Default true. */
  reconnect?: boolean;
  /** Bounds of the delay between attempts, in milliseconds. */
  reconnectDelayMs?: { first?: number; max?: number };
  /** The WebSocket class, for runtimes without a global one. */
  WebSocket?: new (
    url: string,
  ) => WebSocket;
}

export interface ClientStats {
  framesReceived: number;
  bytesReceived: number;
  /** Frames per second since the first frame after `connect()` or `resetStats()`. */
  averageFps: number;
  /** When the newest frame arrived, milliseconds since 1970. */
  lastFrameTime: number | null;
  /** Frames the server skipped for this client; known with format `jpeg` only. */
  framesMissed: number;
  reconnects: number;
}

/** Statistics as of this frame, plus what the frame's own header told (null without one). */
export interface FrameStats extends ClientStats {
  sequence: number | null;
  captureTime: number | null;
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
  reconnectAttempts: number;
  serverUrl: string;
  streamId: string;
}

interface Size {
  width: number;
  height: number;
}

/** The server's own default, for servers that do not tell a stream's size. */
const DEFAULT_SIZE: Size = { width: 640, height: 480 };

const emptyStats = (): ClientStats => ({
  framesReceived: 0,
  bytesReceived: 0,
  averageFps: 0,
  lastFrameTime: null,
  framesMissed: 0,
  reconnects: 0,
});

export class RTSPStreamClient {
  readonly serverUrl: string;
  streamId: string;

  #options: ClientOptions;
  #rest: Rest;
  #painter: CanvasPainter | null = null;
  #socket: WebSocket | null = null;
  /** Settles when the socket of the last `disconnect()` has closed. */
  #closed: Promise<void> = Promise.resolve();
  #state: ConnectionState = 'disconnected';
  #attempts = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #size: Size | null = null;
  /** Message length whose size was asked for, so that a misfit is asked about once. */
  #sizeAskedFor: number | null = null;
  #stats = emptyStats();
  #firstFrameAt = 0;
  #lastSequence: number | null = null;
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
    this.#rest = new Rest(this.serverUrl.replace(/^ws/, 'http'));
  }

  /** Draws every following frame on this canvas, sized to the picture. `null` stops that. */
  setupCanvas(canvas: HTMLCanvasElement | null): void {
    this.#painter = canvas && new CanvasPainter(canvas);
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
    this.#attempts = 0;
    this.#open('connecting');
  }

  /** Ends the connection and every further attempt. */
  disconnect(): void {
    clearTimeout(this.#retryTimer);
    const socket = this.#socket;
    const wasConnected = this.#state === 'connected';
    this.#socket = null;
    this.#state = 'disconnected';
    if (socket) {
      this.#closed = closing(socket);
      socket.close();
    }
    if (wasConnected) this.#onDisconnect?.();
  }

  /** Each of these keeps one callback; `null` removes it. */
  onFrame(callback: FrameCallback | null): void {
    this.#onFrame = callback;
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
    return { ...this.#stats };
  }

  resetStats(): void {
    this.#stats = emptyStats();
    this.#firstFrameAt = 0;
  }

  getConnectionStatus(): ConnectionStatus {
    return {
      state: this.#state,
      isConnected: this.#state === 'connected',
      reconnectAttempts: this.#attempts,
      serverUrl: this.serverUrl,
      streamId: this.streamId,
    };
  }

  async #start(body: Parameters<Rest['start']>[0]): Promise<boolean> {
    const answer = await this.#ask(() => this.#rest.start(body));
    if (!answer) return false;
    if (answer.stream_id) this.streamId = answer.stream_id;
    this.#rememberSize(answer);
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

  #open(state: 'connecting' | 'reconnecting'): void {
    this.#state = state;
    const Socket = this.#options.WebSocket ?? globalThis.WebSocket;
    const socket = new Socket(this.#frameUrl());
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#state = 'connected';
      this.#lastSequence = null;
      this.#sizeAskedFor = null;
      this.#onConnect?.();
    };
    socket.onmessage = (event: MessageEvent) => {
      if (socket === this.#socket && event.data instanceof ArrayBuffer) this.#receive(event.data);
    };
    // A close always follows an error and carries the same news.
    socket.onerror = () => {};
    socket.onclose = () => {
      if (socket === this.#socket) this.#lost();
    };
  }

  #lost(): void {
    const wasConnected = this.#state === 'connected';
    this.#socket = null;
    if (this.#options.reconnect === false) {
      this.#state = 'disconnected';
    } else {
      const { first = FIRST_DELAY_MS, max = MAX_DELAY_MS } = this.#options.reconnectDelayMs ?? {};
      const delay = backoffDelay(this.#attempts, first, max);
      this.#attempts += 1;
      this.#state = 'reconnecting';
      this.#retryTimer = setTimeout(() => {
        this.#stats.reconnects += 1;
        this.#open('reconnecting');
      }, delay);
    }
    if (wasConnected) this.#onDisconnect?.();
    else this.#onError?.(`Cannot watch ${this.streamId} at ${this.serverUrl}`);
  }

  #frameUrl(): string {
    const url = new URL(`${this.serverUrl}/ws/${encodeURIComponent(this.streamId)}`);
    const { format = 'bgr24', width, height } = this.#options;
    if (format === 'jpeg') {
      url.searchParams.set('format', 'jpeg');
      url.searchParams.set('header', '1');
    }
    if (width) url.searchParams.set('width', String(width));
    if (height) url.searchParams.set('height', String(height));
    return url.href;
  }

  #receive(message: ArrayBuffer): void {
    if (this.#options.format === 'jpeg') {
      const header = parseHeader(message);
      if (!header) return;
      this.#deliver(new Uint8Array(message, HEADER_BYTES), header);
      return;
    }
    const size = this.#sizeOf(message.byteLength);
    if (!size) {
      void this.#learnSize(message.byteLength);
      return;
    }
    const raw = { ...size, kind: 'bgr24' as const, sequence: null, captureTime: null };
    this.#deliver(new Uint8Array(message), raw);
  }

  #deliver(
    bytes: Uint8Array<ArrayBuffer>,
    frame: {
      width: number;
      height: number;
      kind: FrameFormat;
      sequence: number | null;
      captureTime: number | null;
    },
  ): void {
    const now = Date.now();
    const stats = this.#stats;
    // Only a connection that delivers counts as recovered, so that a server which accepts
    // and drops us at once is not hammered at the first delay for ever.
    this.#attempts = 0;
    stats.framesReceived += 1;
    stats.bytesReceived += bytes.byteLength;
    stats.lastFrameTime = now;
    if (this.#firstFrameAt === 0) this.#firstFrameAt = now;
    const seconds = (now - this.#firstFrameAt) / 1000;
    stats.averageFps = seconds > 0 ? (stats.framesReceived - 1) / seconds : 0;
    if (frame.sequence !== null) {
      if (this.#lastSequence !== null && frame.sequence > this.#lastSequence + 1) {
        stats.framesMissed += frame.sequence - this.#lastSequence - 1;
      }
      this.#lastSequence = frame.sequence;
    }
    this.#painter?.show({ bytes, width: frame.width, height: frame.height, kind: frame.kind });
    this.#onFrame?.(bytes, frame.width, frame.height, {
      ...stats,
      sequence: frame.sequence,
      captureTime: frame.captureTime,
    });
  }

  /** Raw messages carry no size: it is the known one that fits the byte count. */
  #sizeOf(byteLength: number): Size | null {
    const { width, height } = this.#options;
    const known = [this.#size, width && height ? { width, height } : null];
    return known.find((size) => size && fits(size, byteLength)) ?? null;
  }

  /** Asks the server for the size, and falls back to the canvas and the default. */
  async #learnSize(byteLength: number): Promise<void> {
    if (this.#sizeAskedFor === byteLength) return;
    this.#sizeAskedFor = byteLength;
    const answer = await this.#rest.stats(this.streamId).catch(() => null);
    if (answer) this.#rememberSize(answer);
    if (this.#sizeOf(byteLength)) return;
    const guess = [this.#painter?.canvas, DEFAULT_SIZE].find((s) => s && fits(s, byteLength));
    if (guess) this.#size = { width: guess.width, height: guess.height };
    else this.#onError?.(`Frames of ${byteLength} bytes do not fit the size of ${this.streamId}`);
  }

  #rememberSize({ width, height }: StreamInfo): void {
    if (width && height) this.#size = { width, height };
  }
}

/** Settles when the socket closes, or after a second if the other side never answers. */
function closing(socket: WebSocket): Promise<void> {
  return new Promise((done) => {
    socket.onclose = () => done();
    setTimeout(done, 1000);
  });
}

function fits(size: Size, byteLength: number): boolean {
  return size.width * size.height * 3 === byteLength;
}
