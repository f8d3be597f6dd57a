import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { canFeedVideo, Feed, feedOf } from '../src/feed';

/** A decoded picture that knows whether it was let go of. */
class Frame {
  closed = false;
  constructor(readonly timestamp: number) {}
  displayWidth = 640;
  displayHeight = 360;
  close() {
    this.closed = true;
  }
}
const picture = (frame: Frame) => ({
  kind: 'video' as const,
  frame: frame as unknown as VideoFrame,
});

/** A track's sink that takes one picture at a time, when it is told to. */
function slowTrack() {
  const written: number[] = [];
  let take = () => {};
  const pictures = new WritableStream<VideoFrame>({
    write: (frame) => {
      written.push(frame.timestamp);
      return new Promise((done) => {
        take = done;
      });
    },
  });
  const takes = async () => {
    take();
    await new Promise((wait) => setTimeout(wait, 1));
  };
  return { pictures, written, takes };
}

beforeEach(() => {
  vi.stubGlobal('VideoFrame', Frame);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test('a track that is slow gets the newest picture, and the others are let go of', async () => {
  const { pictures, written, takes } = slowTrack();
  const feed = new Feed(pictures);
  const frames = [1000, 2000, 3000].map((at) => new Frame(at));
  const taken: number[] = [];
  for (const frame of frames)
    void feed.show(picture(frame)).then(() => taken.push(frame.timestamp));
  // The stream starts by itself, a moment after it was made.
  await vi.waitFor(() => expect(written).toEqual([1000]));
  await takes();
  await takes();
  expect(written).toEqual([1000, 3000]);
  expect(frames.map((frame) => frame.closed)).toEqual([false, true, false]);
  expect(taken).toEqual([1000, 2000, 3000]);
  expect(feed.drawn).toBe(2);
  expect(feed.last).toMatchObject({ width: 640, height: 360, captureTime: 3 });
});

test('what waits is let go of at the end, and what comes after the end as well', async () => {
  const { pictures } = slowTrack();
  const feed = new Feed(pictures);
  void feed.show(picture(new Frame(1000)));
  const waiting = new Frame(2000);
  void feed.show(picture(waiting));
  feed.clear();
  expect(waiting.closed).toBe(true);

  const ended = new WritableStream<VideoFrame>({
    write: () => {
      throw new Error('the track has ended');
    },
  });
  const late = new Feed(ended);
  const frame = new Frame(1);
  await late.show(picture(frame));
  await new Promise((wait) => setTimeout(wait, 1));
  expect(frame.closed).toBe(true);
  expect(late.drawn).toBe(0);
});

test('a browser without track generators says so', () => {
  expect(canFeedVideo()).toBe(false);
  expect(() => feedOf({} as HTMLVideoElement)).toThrow('use setupCanvas()');
});

test('a video shows its track until it is ended', () => {
  const stop = vi.fn();
  class Generator {
    writable = 'its pictures';
    stop = stop;
  }
  vi.stubGlobal('MediaStreamTrackGenerator', Generator);
  vi.stubGlobal('MediaStream', class {});
  expect(canFeedVideo()).toBe(true);
  const video = { srcObject: null, muted: false, autoplay: false } as unknown as HTMLVideoElement;
  const { pictures, end } = feedOf(video);
  expect(pictures).toBe('its pictures');
  expect(video).toMatchObject({ muted: true, autoplay: true, srcObject: {} });
  end();
  expect(stop).toHaveBeenCalledOnce();
  expect(video.srcObject).toBeNull();
});
