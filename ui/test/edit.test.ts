// What a form's changes become, with passwords that the page does not know.
import { expect, test } from 'vitest';
import { addressToTest, changeOf, draftOf, fieldOf } from '../src/camera/edit';
import type { Draft } from '../src/cameras/draft';
import { camera } from './fakes';

const MASKED = 'rtsp://admin:***@10.0.0.2/main';
const cam = camera('door', {
  name: 'Door',
  rtsp_url: MASKED,
  substream: { rtsp_url: 'rtsp://admin:***@10.0.0.2/sub' },
});
const open = camera('yard', { rtsp_url: 'rtsp://10.0.0.3/main' });

const CASES: [string, Partial<Draft>, object][] = [
  ['nothing', {}, { ok: true, change: {} }],
  ['the name', { name: ' Gate ' }, { ok: true, change: { name: 'Gate' } }],
  [
    'how it connects',
    { mode: 'on_demand', transport: 'udp' },
    {
      ok: true,
      change: { mode: 'on_demand', transport: 'udp' },
    },
  ],
  ['one side', { width: '1280' }, { ok: true, change: { width: 1280 } }],
  ['a side that is no number', { height: '' }, { ok: false, needs: 'height' }],
  ['no address', { url: ' ' }, { ok: false, needs: 'url' }],
  [
    'the path without the password',
    { url: 'rtsp://10.0.0.2/other' },
    { ok: false, needs: 'password' },
  ],
  ['the user without the password', { user: 'viewer' }, { ok: false, needs: 'password' }],
  [
    'the path with it',
    { url: 'rtsp://10.0.0.2/other', password: 'p@ss' },
    {
      ok: true,
      change: {
        rtsp_url: 'rtsp://admin:p%40ss@10.0.0.2/other',
        substream_url: 'rtsp://admin:p%40ss@10.0.0.2/sub',
      },
    },
  ],
  [
    'no sign-in any more',
    { user: '', substream: '' },
    {
      ok: true,
      change: { rtsp_url: 'rtsp://10.0.0.2/main', substream_url: null },
    },
  ],
  ['no smaller stream', { substream: '' }, { ok: true, change: { substream_url: null } }],
  ['another smaller stream', { substream: 'rtsp://10.0.0.2/3' }, { ok: false, needs: 'password' }],
  [
    'another with a sign-in of its own',
    { substream: 'rtsp://u:q@10.0.0.2/3' },
    {
      ok: true,
      change: { substream_url: 'rtsp://u:q@10.0.0.2/3' },
    },
  ],
];

test.each(CASES)('%s', (_, part, expected) => {
  expect(changeOf({ ...draftOf(cam), ...part }, cam)).toEqual(expected);
});

test('a camera without a password needs none', () => {
  const draft = { ...draftOf(open), url: 'rtsp://10.0.0.3/2', substream: 'rtsp://10.0.0.3/3' };
  expect(changeOf(draft, open)).toEqual({
    ok: true,
    change: { rtsp_url: 'rtsp://10.0.0.3/2', substream_url: 'rtsp://10.0.0.3/3' },
  });
});

test('the mask is never sent as a password', () => {
  expect(draftOf(cam).password).toBe('');
  expect(addressToTest(draftOf(cam), cam)).toBeNull();
  expect(addressToTest({ ...draftOf(cam), password: 'x' }, cam)).toBe(
    'rtsp://admin:x@10.0.0.2/main',
  );
  expect(addressToTest(draftOf(open), open)).toBe('rtsp://10.0.0.3/main');
});

test.each([
  ['invalid_request', 'substream_url is no address', 'substream'],
  ['invalid_request', 'width must be 16 to 8192', 'width'],
  ['unsupported_scheme', 'ftp cannot be opened', 'url'],
  ['invalid_request', 'rtsp_url has no host', 'url'],
  ['storage_failed', 'the disk is full', null],
])('%s, %s: beside %s', (code, message, field) => {
  expect(fieldOf(code, message)).toBe(field);
});
