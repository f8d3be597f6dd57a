import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decoderObstacle, VideoPictures } from '../src/video';

/** A decoder that is only done with what it is told to be done with. */
class SlowDecoder {
  static made: SlowDecoder[] = [];
  static isConfigSupported = vi.fn(async ({ codec }: { codec: string }) => ({
    supported: codec.startsWith('avc1'),
  }));
  state = 'unconfigured';
  configured: string[] = [];
  chunks: { type: string; timestamp: number }[] = [];
  decodeQueueSize = 0;
  ondequeue: (() => void) | null = null;

  constructor(readonly init: { error: (cause: Error) => void; output: (frame: unknown) => void }) {
    SlowDecoder.made.push(this);
  }
  configure({ codec }: { codec: string }) {
    this.configured.push(codec);
  }
  decode(chunk: { type: string; timestamp: number }) {
    this.chunks.push(chunk);
    this.decodeQueueSize += 1;
  }
  close() {
    this.state = 'closed';
  }
  done(frame?: unknown) {
    this.decodeQueueSize -= 1;
    if (frame) this.init.output(frame);
    this.ondequeue?.();
  }
}

const KEY = Uint8Array.from([0, 0, 1, 0x67, 0x64, 0, 0x1f, 0xac, 0, 0, 1, 0x65, 1]);
const OTHER_KEY = Uint8Array.from([0, 0, 1, 0x67, 0x42, 0, 0x1f, 0xac, 0, 0, 1, 0x65, 1]);
const DELTA = Uint8Array.from([0, 0, 1, 0x41, 1]);

let failures: string[];
let pictures: VideoPictures;
let taken: number;
let shown: unknown[];

beforeEach(() => {
  SlowDecoder.made = [];
  vi.stubGlobal('VideoDecoder', SlowDecoder);
  vi.stubGlobal(
    'EncodedVideoChunk',
    class {
      type: string;
      timestamp: number;
      constructor(init: { type: string; timestamp: number }) {
        this.type = init.type;
        this.timestamp = init.timestamp;
      }
    },
  );
  failures = [];
  taken = 0;
  shown = [];
  pictures = new VideoPictures(
    'h264',
    (frame) => shown.push(frame),
    (reason) => failures.push(reason),
  );
});
afterEach(() => vi.unstubAllGlobals());

async function feed(kind: 'key' | 'other key' | 'delta', captureTime = 1, missed = 0) {
  const bytes = { key: KEY, 'other key': OTHER_KEY, delta: DELTA }[kind];
  void pictures.feed({ bytes, keyframe: kind !== 'delta', captureTime }, missed).then(() => {
    taken += 1;
  });
  await Promise.resolve();
  await Promise.resolve();
}

const decoder = () => SlowDecoder.made[0] as SlowDecoder;

test('nothing is decoded before a keyframe, which says how', async () => {
  await feed('delta');
  expect(SlowDecoder.made).toHaveLength(0);
  await feed('key', 1.5);
  await feed('delta', 2.5);
  expect(decoder().configured).toEqual(['avc1.64001F']);
  expect(decoder().chunks).toEqual([
    { type: 'key', timestamp: 1500 },
    { type: 'delta', timestamp: 2500 },
  ]);
  expect([pictures.dropped, taken]).toEqual([1, 3]);
});

test('the decoder is given three at a time, and the next is wanted when there is room', async () => {
  await feed('key');
  for (let i = 0; i < 4; i++) await feed('delta');
  expect([decoder().chunks.length, taken]).toEqual([3, 3]);
  decoder().done();
  await Promise.resolve();
  expect([decoder().chunks.length, taken]).toEqual([4, 4]);
  expect(pictures.dropped).toBe(0);
});

test('a decoder that is behind goes on at the newest keyframe', async () => {
  await feed('key');
  for (let i = 0; i < 6; i++) await feed('delta');
  await feed('key', 9);
  expect(pictures.dropped).toBe(4);
  decoder().done();
  expect(decoder().chunks.at(-1)).toEqual({ type: 'key', timestamp: 9000 });
  await Promise.resolve();
  expect(taken).toBe(8);
});

test('while it is behind, a picture of the past is shown now and then', async () => {
  await feed('key');
  for (let i = 0; i < 6; i++) await feed('delta');
  const frames = [1, 2, 3, 4, 5, 6, 7].map((number) => ({ number, close: vi.fn() }));
  for (const frame of frames) decoder().done(frame);
  // Four waited when the first came out, two for the third; then it was at the present.
  expect(frames.map(({ close }) => close.mock.calls.length)).toEqual([0, 1, 1, 0, 0, 0, 0]);
  expect(shown).toEqual(frames.filter(({ close }) => close.mock.calls.length === 0));
});

test('after a loss it waits for a keyframe', async () => {
  await feed('key');
  await feed('delta', 2, 5);
  await feed('delta', 3);
  expect([decoder().chunks.length, pictures.dropped]).toEqual([1, 2]);
  await feed('key', 4);
  expect(decoder().chunks).toHaveLength(2);
});

test('only another kind of stream sets the decoder up again', async () => {
  for (const kind of ['key', 'key', 'other key'] as const) {
    await feed(kind);
    decoder().done();
  }
  expect(decoder().configured).toEqual(['avc1.64001F', 'avc1.42001F']);
});

test('a camera that sends another codec fails', async () => {
  void pictures.feed({ bytes: DELTA, keyframe: true, captureTime: 1 }, 0);
  expect(failures).toEqual(['the camera does not send h264 any more']);
});

test('an error of the decoder fails, and closes it', async () => {
  await feed('key');
  decoder().init.error(new Error('damaged'));
  expect(failures).toEqual(['damaged']);
  expect(decoder().state).toBe('closed');
});

test('whether there is a decoder is asked of the browser', async () => {
  expect(await decoderObstacle('h264')).toBeNull();
  expect(await decoderObstacle('h265')).toBe('this browser does not decode h265');
  vi.stubGlobal('VideoDecoder', undefined);
  expect(await decoderObstacle('h264')).toContain('WebCodecs');
});
