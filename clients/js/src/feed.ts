// Hands pictures to the track of a `<video>`, from the page or from a worker: the newest only. The
// browser puts them on the screen like any other video, without a copy in between.
import type { Drawn } from './events';
import { capturedAt, type Picture, release, type Shows } from './painter';
import { bgrToRgba } from './pixels';

/** Chromium's way to make a track out of pictures; TypeScript's DOM library does not know it. */
interface TrackGenerator extends MediaStreamTrack {
  readonly writable: WritableStream<VideoFrame>;
}
declare const MediaStreamTrackGenerator:
  | (new (init: {
      kind: 'video';
    }) => TrackGenerator)
  | undefined;

/** Whether a `<video>` of this browser can be fed with pictures. */
export function canFeedVideo(): boolean {
  return (
    typeof MediaStreamTrackGenerator === 'function' &&
    typeof MediaStream === 'function' &&
    typeof VideoFrame === 'function'
  );
}

/** Has the video show a track of its own: where to write its pictures, and how to end it. */
export function feedOf(video: HTMLVideoElement): {
  pictures: WritableStream<VideoFrame>;
  end: () => void;
} {
  if (typeof MediaStreamTrackGenerator !== 'function') {
    throw new Error('This browser cannot feed a <video> with pictures: use setupCanvas()');
  }
  const track = new MediaStreamTrackGenerator({ kind: 'video' });
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  const end = () => {
    track.stop();
    video.srcObject = null;
  };
  return { pictures: track.writable, end };
}

export class Feed implements Shows {
  drawn = 0;
  last: Drawn | null = null;
  readonly canvas = null;

  #writer: WritableStreamDefaultWriter<VideoFrame>;
  #newest: { picture: Picture; taken: () => void } | null = null;
  #busy = false;

  constructor(pictures: WritableStream<VideoFrame>) {
    this.#writer = pictures.getWriter();
    // Its end is told by the writes.
    this.#writer.closed.catch(() => {});
  }

  show(picture: Picture): Promise<void> {
    this.clear();
    const taken = new Promise<void>((settle) => {
      this.#newest = { picture, taken: settle };
    });
    if (!this.#busy) void this.#drain();
    return taken;
  }

  clear(): void {
    if (!this.#newest) return;
    release(this.#newest.picture);
    this.#newest.taken();
    this.#newest = null;
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#newest) {
      const { picture, taken } = this.#newest;
      this.#newest = null;
      taken();
      try {
        const frame = await videoFrame(picture);
        const { displayWidth: width, displayHeight: height } = frame;
        const captureTime = capturedAt(picture);
        // Takes the frame over and closes it.
        await this.#writer.write(frame);
        this.drawn += 1;
        this.last = { width, height, captureTime, drawnAt: Date.now() };
      } catch {
        // An undecodable picture is skipped, and one for a track that has ended.
        release(picture);
      }
    }
    this.#busy = false;
  }
}

async function videoFrame(picture: Picture): Promise<VideoFrame> {
  if (picture.kind === 'video') return picture.frame;
  if (picture.kind === 'jpeg') {
    const bitmap = await createImageBitmap(new Blob([picture.bytes], { type: 'image/jpeg' }));
    const frame = new VideoFrame(bitmap, { timestamp: now() });
    bitmap.close();
    return frame;
  }
  const { bytes, width, height } = picture;
  const rgba = new Uint8ClampedArray(width * height * 4);
  bgrToRgba(bytes, rgba);
  const layout = { format: 'RGBX', codedWidth: width, codedHeight: height } as const;
  return new VideoFrame(rgba, { ...layout, timestamp: now() });
}

/** Microseconds, as a frame's timestamp is. */
function now(): number {
  return Math.round(performance.now() * 1000);
}
