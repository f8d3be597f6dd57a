import { describe, expect, test } from 'vitest';
import { hostOf, joinAddress, splitAddress } from '../src/cameras/address';
import { STREAM_ID, streamIdFor } from '../src/cameras/slug';
import { curlSnippet, pythonSnippet } from '../src/cameras/snippets';

describe('splitAddress', () => {
  test.each([
    ['192.168.1.20', 'rtsp://192.168.1.20', '', ''],
    [' camera.local:8554/live ', 'rtsp://camera.local:8554/live', '', ''],
    ['[fe80::1]:554', 'rtsp://[fe80::1]:554', '', ''],
    ['http://10.0.0.2/video.mjpg?x=1', 'http://10.0.0.2/video.mjpg?x=1', '', ''],
    ['rtsp://admin:secret@10.0.0.2/s1', 'rtsp://10.0.0.2/s1', 'admin', 'secret'],
    ['rtsp://admin@10.0.0.2/s1', 'rtsp://10.0.0.2/s1', 'admin', ''],
    ['rtsp://admin:p@ss^%rd@10.0.0.2/s1', 'rtsp://10.0.0.2/s1', 'admin', 'p@ss^%rd'],
    ['rtsp://admin:pa/ss@10.0.0.2/s1', 'rtsp://10.0.0.2/s1', 'admin', 'pa/ss'],
    ['rtsp://admin:p%40ss@10.0.0.2/s1', 'rtsp://10.0.0.2/s1', 'admin', 'p@ss'],
    ['rtsp://10.0.0.2:554/@main', 'rtsp://10.0.0.2:554/@main', '', ''],
    ['admin:secret@10.0.0.2', 'rtsp://10.0.0.2', 'admin', 'secret'],
    ['demo:', 'demo:', '', ''],
    ['', '', '', ''],
  ])('%s', (pasted, url, user, password) => {
    expect(splitAddress(pasted)).toEqual({ url, user, password });
  });
});

describe('joinAddress', () => {
  test.each([
    ['rtsp://10.0.0.2/s1', '', '', 'rtsp://10.0.0.2/s1'],
    ['rtsp://10.0.0.2/s1', 'admin', '', 'rtsp://admin@10.0.0.2/s1'],
    ['rtsp://10.0.0.2/s1', 'a@b', 'p@s:s/^%', 'rtsp://a%40b:p%40s%3As%2F%5E%25@10.0.0.2/s1'],
    ['rtsp://10.0.0.2', 'a', "it's(1)!", 'rtsp://a:it%27s%281%29%21@10.0.0.2'],
    ['demo:', 'admin', 'secret', 'demo:'],
  ])('%s as %s', (url, user, password, joined) => {
    expect(joinAddress({ url, user, password })).toBe(joined);
  });

  test('what was split is the same again', () => {
    const url = 'rtsp://admin:p%40ss%2F1@10.0.0.2:554/s1?a=b';
    expect(joinAddress(splitAddress(url))).toBe(url);
  });
});

test.each([
  ['rtsp://10.0.0.2:554/s1', '10.0.0.2'],
  ['rtsp://[fe80::1]:554/s1', '[fe80::1]'],
  ['http://cam.local?x=1', 'cam.local'],
  ['demo:', 'demo'],
])('host of %s', (url, host) => {
  expect(hostOf(url)).toBe(host);
});

describe('streamIdFor', () => {
  test.each([
    ['Front porch', [], 'front-porch'],
    ['Front porch', ['front-porch', 'front-porch-2'], 'front-porch-3'],
    ['192.168.1.20', [], '192-168-1-20'],
    ['Küche & Flur', [], 'kuche-flur'],
    ['__x__', [], 'x'],
    ['玄関', [], 'camera'],
    ['a'.repeat(80), ['a'.repeat(64)], `${'a'.repeat(62)}-2`],
  ])('%s', (name, taken, id) => {
    expect(streamIdFor(name, taken)).toBe(id);
    expect(id).toMatch(STREAM_ID);
  });
});

test('snippets go through Fanlight, never to the camera', () => {
  const api = 'http://127.0.0.1:8080';
  expect(curlSnippet(api, 'porch')).toContain(`${api}/api/streams/porch/frame?format=jpeg`);
  expect(pythonSnippet(api, 'porch')).toContain(`RTSPStreamClient("${api}", "porch", `);
});
