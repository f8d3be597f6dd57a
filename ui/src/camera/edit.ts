// A camera's settings as a form holds them, and the change that the form makes of them. The
// server gives no password out, so an address can change only with the password typed again.
import type { Stream, StreamChange } from '../backend';
import { type Address, joinAddress, splitAddress } from '../cameras/address';
import type { Draft } from '../cameras/draft';

/** What the server writes in the place of a password. */
const MASK = '***';

export type EditField = 'url' | 'password' | 'name' | 'substream' | 'width' | 'height';

/** Whether the camera's address holds a password that we are not told. */
export const hasPassword = (camera: Stream): boolean =>
  splitAddress(camera.rtsp_url).password === MASK;

export function draftOf(camera: Stream): Draft {
  const { url, user } = splitAddress(camera.rtsp_url);
  return {
    url,
    user,
    password: '',
    name: camera.name,
    substream: camera.substream ? splitAddress(camera.substream.rtsp_url).url : '',
    transport: camera.transport ?? 'tcp',
    mode: camera.mode ?? 'always',
    width: String(camera.width),
    height: String(camera.height),
  };
}

export type Change = { ok: true; change: StreamChange } | { ok: false; needs: EditField };

/** What differs from the camera as it is. */
export function changeOf(draft: Draft, camera: Stream): Change {
  const before = draftOf(camera);
  const change: StreamChange = {};
  if (draft.name.trim() !== before.name) change.name = draft.name.trim();
  if (draft.transport !== before.transport) change.transport = draft.transport;
  if (draft.mode !== before.mode) change.mode = draft.mode;
  for (const side of ['width', 'height'] as const) {
    if (draft[side] === before[side]) continue;
    const value = Number(draft[side]);
    if (!Number.isInteger(value) || value <= 0) return { ok: false, needs: side };
    change[side] = value;
  }

  const url = draft.url.trim();
  if (url === '') return { ok: false, needs: 'url' };
  const retyped = draft.password !== '';
  const moved = url !== before.url || draft.user !== before.user || retyped;
  if (moved) {
    if (lacksPassword(draft, hasPassword(camera))) return { ok: false, needs: 'password' };
    change.rtsp_url = joinAddress({ ...draft, url });
  }

  const substream = draft.substream.trim();
  const small = camera.substream ? splitAddress(camera.substream.rtsp_url) : null;
  if (substream === '') {
    if (small) change.substream_url = null;
  } else if (substream !== before.substream || (retyped && signsInAlike(small, before.user))) {
    const typed = splitAddress(substream);
    const own = typed.user !== '' || typed.password !== '';
    const masked = hasPassword(camera) || small?.password === MASK;
    if (!own && lacksPassword(draft, masked)) return { ok: false, needs: 'password' };
    const { user, password } = own ? typed : draft;
    change.substream_url = joinAddress({ url: typed.url, user, password });
  }
  return { ok: true, change };
}

/** The address to test, or null when its password would have to be typed for that. */
export function addressToTest(draft: Draft, camera: Stream): string | null {
  if (lacksPassword(draft, hasPassword(camera))) return null;
  return joinAddress({ ...draft, url: draft.url.trim() });
}

/** Without a user there is no sign-in left that could need one. */
const lacksPassword = (draft: Draft, hadOne: boolean): boolean =>
  hadOne && draft.user !== '' && draft.password === '';

/** A new password is the smaller stream's, too, where both sign in as the same user. */
const signsInAlike = (small: Address | null, user: string): boolean =>
  small !== null && small.password === MASK && small.user === user;

/** The field that a refusal is about; null when that is unclear. */
export function fieldOf(code: string, message: string): EditField | null {
  if (/substream/.test(message)) return 'substream';
  if (/\bwidth\b/.test(message)) return 'width';
  if (/\bheight\b/.test(message)) return 'height';
  if (/\bname\b/.test(message)) return 'name';
  if (code === 'unsupported_scheme' || code === 'stream_exists' || /\b(rtsp_)?url\b/i.test(message))
    return 'url';
  return null;
}
