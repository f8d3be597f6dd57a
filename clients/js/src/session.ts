// Watches one stream: its connection, what its messages are, decoding and drawing them, and the
// statistics. Runs in a page or in a worker.
import { Connection, type ConnectionOptions } from './connection';
import type { Size, Watcher } from './events';
import { type ClientStats, emptyStats, type Received, type SessionEvents } from './events';
import { Feed } from './feed';
import type { FrameFormat, VideoCodec, WantedFormat, WhichStream } from './format';
import { type Choice, choose, dependsOnCamera, isEncoded, socketUrl } from './format';
import { Painter, type Shows } from './painter';
import { type FrameHeader, HEADER_BYTES, parseHeader } from './pixels';
import { RequestError, Rest, type StreamInfo, type Video } from './rest';
import { decoderObstacle, VideoPictures } from './video';

export interface SessionOptions extends ConnectionOptions {
  /** `ws://host:port`, without a slash at the end. */
  serverUrl: string;
  format: WantedFormat;
  stream: WhichStream | undefined;
  width: number | undefined;
  height: number | undefined;
}

/** Without a frame for this long the picture is not live, and the server is asked why. */
export const SILENCE_MS = 3000;
/** Without a frame for this long, although the camera sends, a connection is taken for dead. */
const DEAD_MS = 30_000;
/** How often that is looked at. */
const LOOK_MS = 1000;
/** How long a camera that is being connected may take to tell its codec, and how often it is asked. */
const CODEC_PATIENCE_MS = 5000;
const CODEC_POLL_MS = 250;
/** A canvas that was given to a worker is lost to everybody else. */
export const CANVAS_TAKEN =
  'This canvas belongs to a client in a worker already: give each client a canvas of its own';
/** A track's pictures come from one writer. */
const FEED_TAKEN = 'This video is fed by somebody else already';
/** The server's own default, for servers that do not tell a stream's size. */
const DEFAULT_SIZE: Size = { width: 640, height: 480 };

export class Session implements Watcher {
  #connection: Connection;
  #rest: Rest;
  #painter: Shows | null = null;
  #video: VideoPictures | null = null;
  #streamId = '';
  /** Between `connect` and `disconnect`. */
  #wanted = false;
  #stats = emptyStats();
  #firstFrameAt = 0;
  #wantsFrames = false;
  #choice: Choice = { format: 'bgr24', fallback: null };
  /** Codecs that could not be decoded, and why; forgotten after an interruption. */
  #failed = new Map<VideoCodec, string>();
  /** Whether the codec was not known when the format was chosen. */
  #codecUnknown = false;
  #size: Size | null = null;
  /** Message length whose size was asked for, so that a misfit is asked about once. */
  #sizeAskedFor: number | null = null;
  #watchdog: ReturnType<typeof setInterval> | undefined;
  #lastNewsAt = 0;
  #lastAskedAt = 0;
  /** What `framesDrawn` and `framesDropped` were when statistics began. */
  #drawnBefore = 0;
  #droppedBefore = 0;

  constructor(
    readonly options: SessionOptions,
    readonly events: SessionEvents,
  ) {
    this.#rest = new Rest(options.serverUrl.replace(/^ws/, 'http'), options.token);
    this.#connection = new Connection(options, {
      address: (turn) => this.#address(turn),
      onState: (state, attempts) => {
        // After an interruption a decoder that failed gets another chance.
        if (state === 'reconnecting' && attempts > 0) this.#failed.clear();
        events.onState(state, attempts);
      },
      onOpen: () => this.#opened(),
      onMessage: (message) => this.#receive(message),
      onRefused: () => void this.#explain(),
    });
  }

  connect(streamId: string, size: Size | null): void {
    this.#streamId = streamId;
    if (size) this.#size = size;
    this.#wanted = true;
    this.#failed.clear();
    this.#connection.open();
  }

  disconnect(): Promise<void> {
    this.#wanted = false;
    clearInterval(this.#watchdog);
    this.#endVideo();
    this.#painter?.clear();
    return this.#connection.close();
  }

  setCanvas(canvas: HTMLCanvasElement | OffscreenCanvas | null): void {
    this.#show(() => canvas && new Painter(canvas), CANVAS_TAKEN);
  }

  setFeed(pictures: WritableStream<VideoFrame> | null): void {
    this.#show(() => pictures && new Feed(pictures), FEED_TAKEN);
  }

  #show(shows: () => Shows | null, otherwise: string): void {
    this.#painter?.clear();
    this.#drawnBefore -= this.#painter?.drawn ?? 0;
    try {
      this.#painter = shows();
    } catch {
      this.#painter = null;
      this.events.onError(otherwise);
    }
  }

  wantFrames(wanted: boolean): void {
    this.#wantsFrames = wanted;
  }

  stats(): ClientStats {
    return {
      ...this.#stats,
      framesDrawn: (this.#painter?.drawn ?? 0) - this.#drawnBefore,
      lastDrawn: this.#painter?.last ?? null,
      framesDropped: (this.#video?.dropped ?? 0) - this.#droppedBefore,
    };
  }

  resetStats(): void {
    const { format, fallback } = this.#stats;
    this.#stats = { ...emptyStats(), format, fallback };
    this.#firstFrameAt = 0;
    this.#drawnBefore = this.#painter?.drawn ?? 0;
    this.#droppedBefore = this.#video?.dropped ?? 0;
  }

  destroy(): void {
    void this.disconnect();
    this.setCanvas(null);
  }

  // What to ask for

  #address(turn: number): string | null | Promise<string | null> {
    if (this.#connection.state === 'reconnecting') this.#stats.reconnects += 1;
    const { format } = this.options;
    if (dependsOnCamera(format)) return this.#addressByCamera(format, turn);
    return this.#addressOf({ format, fallback: null });
  }

  async #addressByCamera(wanted: 'auto' | VideoCodec, turn: number): Promise<string | null> {
    try {
      const camera = await this.#camera(turn);
      const video = this.#videoOf(camera);
      const codec = video?.codec ?? null;
      const isVideo = codec === 'h264' || codec === 'h265';
      const why = isVideo ? await this.#obstacle(codec) : null;
      if (!this.#connection.isTurn(turn)) return null;
      this.#codecUnknown = video === null;
      const told = { codec, silent: video === undefined };
      return this.#addressOf(choose(wanted, told, () => why));
    } catch (cause) {
      if (!this.#connection.isTurn(turn)) return null;
      this.#connection.lost();
      this.events.onError(inWords(cause));
      return null;
    }
  }

  #addressOf(choice: Choice): string {
    this.#choice = choice;
    this.#stats.format = choice.format;
    this.#stats.fallback = choice.fallback;
    const { serverUrl, width, height, stream } = this.options;
    // A server that only knows raw pixels sends them at the stream's own size.
    const size = choice.fallback !== null && choice.format === 'bgr24' ? {} : { width, height };
    return socketUrl(serverUrl, this.#streamId, { format: choice.format, stream, ...size });
  }

  /** The stream, once its camera has told what it sends, or does not within reason. */
  async #camera(turn: number): Promise<StreamInfo> {
    const deadline = Date.now() + CODEC_PATIENCE_MS;
    for (;;) {
      const stream = await this.#rest.stats(this.#streamId);
      // A substream is connected when somebody watches it, and pictures come of it meanwhile.
      const mayCome =
        this.#videoOf(stream) === null &&
        stream.video === null &&
        stream.status?.state === 'connecting';
      if (!mayCome || Date.now() > deadline || !this.#connection.isTurn(turn)) return stream;
      await new Promise((wait) => setTimeout(wait, CODEC_POLL_MS));
    }
  }

  /** What is sent by the stream that is wanted; undefined where the server is too old to tell. */
  #videoOf(camera: StreamInfo): Video | null | undefined {
    const sub = this.options.stream === 'sub' ? camera.substream : null;
    return sub ? sub.video : camera.video;
  }

  /** Who only takes the bytes decodes them as they like. */
  async #obstacle(codec: VideoCodec): Promise<string | null> {
    const failure = this.#failed.get(codec);
    if (failure !== undefined) return failure;
    return this.#painter || this.options.format === 'auto' ? decoderObstacle(codec) : null;
  }

  // The connection

  #opened(): void {
    this.#sizeAskedFor = null;
    this.#lastNewsAt = Date.now();
    clearInterval(this.#watchdog);
    this.#watchdog = setInterval(() => this.#look(), LOOK_MS);
    this.#endVideo();
  }

  /** Notices silence, and asks the server for its reason. */
  #look(): void {
    const now = Date.now();
    const silence = now - this.#lastNewsAt;
    if (this.#connection.state !== 'connected') clearInterval(this.#watchdog);
    else if (silence > SILENCE_MS && now - this.#lastAskedAt > SILENCE_MS) {
      void this.#explain().then((online) => online && silence > DEAD_MS && this.#lostSince(now));
    }
  }

  #lostSince(moment: number): void {
    if (this.#connection.state === 'connected' && this.#lastNewsAt < moment)
      this.#connection.lost();
  }

  /** Tells why no frames come, where the server knows. True when the camera is online. */
  async #explain(): Promise<boolean> {
    const askedAt = Date.now();
    this.#lastAskedAt = askedAt;
    const { state } = this.#connection;
    let why: string | null = null;
    let online = false;
    try {
      const { status } = await this.#rest.stats(this.#streamId);
      why = status?.error?.message ?? null;
      online = status === undefined || status.state === 'online';
      if (!why && state !== 'connected')
        why = `Cannot watch ${this.#streamId} at ${this.options.serverUrl}`;
    } catch (cause) {
      why = inWords(cause);
      // A server that is gone without a word: no close will come.
      if (!(cause instanceof RequestError) && this.#connection.state === 'connected')
        this.#connection.lost();
    }
    // A reason for silence is none once a frame has come.
    const spoken = this.#lastNewsAt > askedAt;
    if (why !== null && this.#wanted && !spoken) this.events.onError(why);
    return online;
  }

  // Messages

  #receive(message: ArrayBuffer): void {
    if (this.#choice.format === 'bgr24') {
      this.#receiveRaw(message);
      return;
    }
    const header = parseHeader(message);
    if (!header) return;
    const frame = received(header, new Uint8Array(message, HEADER_BYTES));
    this.#stats.framesMissed += header.missed;
    this.#count(frame);
    if (isEncoded(frame.format)) this.#showUnit(frame, frame.format, header.missed);
    else this.#showPicture(frame, frame.format);
    this.#tell(frame);
    if (this.#codecUnknown) this.#chooseAgain();
  }

  #receiveRaw(message: ArrayBuffer): void {
    const size = this.#sizeOf(message.byteLength);
    if (!size) {
      void this.#learnSize(message.byteLength).then(() => this.#connection.askForNext());
      return;
    }
    const frame = raw(new Uint8Array(message), size);
    this.#count(frame);
    this.#showPicture(frame, 'bgr24');
    this.#tell(frame);
  }

  #count({ bytes }: Received): void {
    const now = Date.now();
    const stats = this.#stats;
    this.#connection.delivered();
    this.#lastNewsAt = now;
    stats.framesReceived += 1;
    stats.bytesReceived += bytes.byteLength;
    stats.lastFrameTime = now;
    if (this.#firstFrameAt === 0) this.#firstFrameAt = now;
    const seconds = (now - this.#firstFrameAt) / 1000;
    stats.averageFps = seconds > 0 ? (stats.framesReceived - 1) / seconds : 0;
  }

  #tell(frame: Received): void {
    if (this.#wantsFrames) this.events.onFrame(frame, this.stats());
  }

  #showPicture(frame: Received, kind: 'bgr24' | 'jpeg'): void {
    const { bytes, width, height, captureTime } = frame;
    const picture = kind === 'jpeg' ? { kind, bytes, captureTime } : { kind, bytes, width, height };
    this.#nextAfter(this.#painter?.show(picture));
  }

  #showUnit(frame: Received, codec: VideoCodec, missed: number): void {
    if (!this.#painter) {
      this.#nextAfter(undefined);
      return;
    }
    this.#video ??= new VideoPictures(
      codec,
      (picture) => {
        if (this.#painter) void this.#painter.show({ kind: 'video', frame: picture });
        else picture.close();
      },
      (reason) => this.#cannotDecode(codec, reason),
    );
    const { bytes, keyframe, captureTime } = frame;
    this.#nextAfter(this.#video.feed({ bytes, keyframe, captureTime: captureTime ?? 0 }, missed));
  }

  /** Asks for the next message once there is use for it: what is sent before that only grows old. */
  #nextAfter(taken: Promise<void> | undefined): void {
    // Even without a painter in a later step, so that onFrame has returned by then.
    void (taken ?? Promise.resolve()).then(() => this.#connection.askForNext());
  }

  #cannotDecode(codec: VideoCodec, reason: string): void {
    this.#failed.set(codec, reason);
    this.#endVideo();
    this.#connection.reopen();
  }

  /** Now that the camera sends, it has told what. */
  #chooseAgain(): void {
    this.#codecUnknown = false;
    void this.#rest
      .stats(this.#streamId)
      .then(async (camera) => {
        const codec = this.#videoOf(camera)?.codec;
        const better = (codec === 'h264' || codec === 'h265') && !(await this.#obstacle(codec));
        if (better && this.#connection.state === 'connected') this.#connection.reopen();
      })
      .catch(() => {});
  }

  #endVideo(): void {
    this.#droppedBefore -= this.#video?.dropped ?? 0;
    this.#video?.close();
    this.#video = null;
  }

  // The size of raw messages

  /** Raw messages carry no size: it is the known one that fits the byte count. */
  #sizeOf(byteLength: number): Size | null {
    const { width, height } = this.options;
    const pixels = byteLength / 3;
    const asked = {
      width: width ?? pixels / (height ?? 0),
      height: height ?? pixels / (width ?? 0),
    };
    const whole = Number.isInteger(asked.width) && Number.isInteger(asked.height);
    const known = [this.#size, whole ? asked : null];
    return known.find((size) => size && fits(size, byteLength)) ?? null;
  }

  /** Asks the server for the size, and falls back to the canvas and the default. */
  async #learnSize(byteLength: number): Promise<void> {
    if (this.#sizeAskedFor === byteLength) return;
    this.#sizeAskedFor = byteLength;
    const answer = await this.#rest.stats(this.#streamId).catch(() => null);
    const { width, height } = answer ?? {};
    if (width && height) this.#size = { width, height };
    if (this.#sizeOf(byteLength)) return;
    const guess = [this.#painter?.canvas, DEFAULT_SIZE].find((s) => s && fits(s, byteLength));
    if (guess) this.#size = { width: guess.width, height: guess.height };
    else
      this.events.onError(`Frames of ${byteLength} bytes do not fit the size of ${this.#streamId}`);
  }
}

function received(header: FrameHeader, bytes: Uint8Array<ArrayBuffer>): Received {
  const { width, height, kind: format, sequence, captureTime, keyframe } = header;
  return { bytes, width, height, format, sequence, captureTime, keyframe };
}

function raw(bytes: Uint8Array<ArrayBuffer>, { width, height }: Size): Received {
  const format: FrameFormat = 'bgr24';
  return { bytes, width, height, format, sequence: null, captureTime: null, keyframe: true };
}

function fits(size: Size, byteLength: number): boolean {
  return size.width * size.height * 3 === byteLength;
}

function inWords(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
