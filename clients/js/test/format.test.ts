import { describe, expect, test } from 'vitest';
import { choose, credits, socketUrl } from '../src/format';

const able = () => null;
const unable = () => 'no decoder';

describe('choose', () => {
  test.each([
    ['auto', 'h264', able, 'h264', null],
    ['auto', 'h265', able, 'h265', null],
    ['auto', 'h265', unable, 'jpeg', 'no decoder'],
    ['auto', 'mjpeg', able, 'jpeg', 'the camera sends mjpeg'],
    ['auto', null, able, 'jpeg', 'the camera has not told its codec yet'],
    ['h264', 'h264', able, 'h264', null],
    ['h264', 'h264', unable, 'jpeg', 'no decoder'],
    ['h264', 'h265', able, 'jpeg', 'the camera sends h265'],
    ['h265', 'h264', able, 'jpeg', 'the camera sends h264'],
  ] as const)('%s of a camera with %s', (wanted, codec, obstacle, format, fallback) => {
    expect(choose(wanted, { codec, silent: false }, obstacle)).toEqual({ format, fallback });
  });

  test('a server that tells nothing of cameras sends what it always did', () => {
    expect(choose('auto', { codec: null, silent: true }, able).format).toBe('bgr24');
  });
});

describe('socketUrl', () => {
  const size = { width: 640, height: undefined };

  test.each([
    ['bgr24', 'ws://h:1/ws/a%2Fb?width=640&credit=1'],
    ['jpeg', 'ws://h:1/ws/a%2Fb?format=jpeg&header=1&width=640&credit=1'],
    ['h264', 'ws://h:1/ws/a%2Fb?format=h264&header=1&credit=8'],
  ] as const)('%s', (format, url) => {
    expect(socketUrl('ws://h:1', 'a/b', { format, ...size })).toBe(url);
  });

  test('access units come of the stream that is named, pictures of the one that fits', () => {
    const url = (format: 'h264' | 'jpeg') =>
      socketUrl('ws://h:1', 'a', { format, stream: 'sub', width: 320 });
    expect(url('h264')).toBe('ws://h:1/ws/a?format=h264&header=1&stream=sub&credit=8');
    expect(url('jpeg')).toBe('ws://h:1/ws/a?format=jpeg&header=1&width=320&credit=1');
  });

  test('no format begins with more credits than a server gives', () => {
    for (const format of ['bgr24', 'jpeg', 'h264', 'h265'] as const) {
      expect(credits(format)).toBeLessThanOrEqual(16);
    }
  });
});
