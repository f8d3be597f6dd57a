// Access units in, pictures out, by the browser's own decoder (WebCodecs). It is never given more
// than it works on, and a decoder that is behind goes on at the newest keyframe.
import { codecString } from './annexb';
import type { VideoCodec } from './format';

/** What may wait inside of the decoder: enough to keep it busy, too little to grow old in. */
const DECODE_QUEUE = 3;
/** What may wait before it, in access units: a long group of pictures at the start. */
const WAITING = 600;

/** How many waiting access units tell that the decoder is behind and not just given a handful. */
const BEHIND = 2;
/** How often a picture of the past is shown meanwhile: drawing costs time, too. */
const PAST_EVERY_MS = 100;

/** A common stream of each codec, to ask whether there is a decoder at all. */
const COMMON: Record<VideoCodec, string> = { h264: 'avc1.640028', h265: 'hev1.1.6.L93.B0' };

/** Why this codec cannot be decoded here, or null when it can. */
export async function decoderObstacle(codec: VideoCodec): Promise<string | null> {
  if (typeof VideoDecoder === 'undefined') {
    return 'this page has no WebCodecs (old browser, or neither https nor localhost)';
  }
  const config = { codec: COMMON[codec], optimizeForLatency: true };
  const answer = await VideoDecoder.isConfigSupported(config).catch(() => null);
  return answer?.supported ? null : `this browser does not decode ${codec}`;
}

interface Unit {
  bytes: Uint8Array<ArrayBuffer>;
  keyframe: boolean;
  /** Milliseconds since 1970. */
  captureTime: number;
  taken: () => void;
}

export class VideoPictures {
  /** Access units that were not decoded because the decoder was behind. */
  dropped = 0;

  #decoder: VideoDecoder | null = null;
  #codecString: string | null = null;
  #waiting: Unit[] = [];
  #wantsKeyframe = true;
  #shownAt = 0;

  /**
   * @param show takes over the frame and closes it
   * @param fail called once, when this stream cannot be decoded (any more)
   */
  constructor(
    readonly codec: VideoCodec,
    readonly show: (frame: VideoFrame) => void,
    readonly fail: (reason: string) => void,
  ) {}

  /**
   * Decodes an access unit after `missed` lost ones. Settles when the decoder has it, or never
   * will: that is when the next one is wanted.
   */
  feed(unit: Omit<Unit, 'taken'>, missed: number): Promise<void> {
    if (unit.keyframe) {
      // Whatever still waits is older than a picture that can be decoded without it.
      this.#dropWaiting();
      this.#wantsKeyframe = false;
    } else if (missed > 0 || this.#waiting.length >= WAITING) {
      this.#dropWaiting();
      this.#wantsKeyframe = true;
    }
    if (this.#wantsKeyframe) {
      this.dropped += 1;
      return Promise.resolve();
    }
    return new Promise((taken) => {
      this.#waiting.push({ ...unit, taken });
      this.#work();
    });
  }

  close(): void {
    this.#dropWaiting();
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#decoder = null;
  }

  #work(): void {
    while (this.#waiting.length > 0 && (this.#decoder?.decodeQueueSize ?? 0) < DECODE_QUEUE) {
      const unit = this.#waiting.shift() as Unit;
      unit.taken();
      try {
        if (unit.keyframe) this.#configure(unit.bytes);
        this.#decoder?.decode(
          new EncodedVideoChunk({
            type: unit.keyframe ? 'key' : 'delta',
            timestamp: Math.round(unit.captureTime * 1000),
            data: unit.bytes,
          }),
        );
      } catch (cause) {
        this.#failed(cause instanceof Error ? cause.message : String(cause));
      }
    }
  }

  /** Sets the decoder up for what a keyframe says of itself, when that is news. */
  #configure(keyframe: Uint8Array): void {
    const codec = codecString(keyframe, this.codec);
    if (codec === null) throw new Error(`the camera does not send ${this.codec} any more`);
    if (codec === this.#codecString) return;
    this.#codecString = codec;
    const decoder = this.#decoder ?? this.#makeDecoder();
    this.#decoder = decoder;
    decoder.configure({ codec, optimizeForLatency: true });
  }

  #makeDecoder(): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => this.#decoded(frame),
      error: (cause) => {
        if (decoder === this.#decoder) this.#failed(cause.message);
      },
    });
    decoder.ondequeue = () => this.#work();
    return decoder;
  }

  #decoded(frame: VideoFrame): void {
    const now = performance.now();
    if (this.#waiting.length >= BEHIND && now - this.#shownAt < PAST_EVERY_MS) {
      frame.close();
      return;
    }
    this.#shownAt = now;
    this.show(frame);
  }

  #failed(reason: string): void {
    this.close();
    this.#wantsKeyframe = true;
    this.fail(reason);
  }

  #dropWaiting(): void {
    this.dropped += this.#waiting.length;
    for (const unit of this.#waiting.splice(0)) unit.taken();
  }
}
