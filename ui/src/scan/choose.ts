// What to make of a device that was found: pure decisions, so that they are tested as tables.
import { joinAddress, splitAddress } from '../cameras/address';
import type { Device, FoundStream, SignIn } from './wire';

export type Group = 'ready' | 'signIn' | 'other';

/** @param signingIn a person gave a password for it */
export function groupOf(device: Device, signingIn: boolean): Group {
  if (device.state === 'ready' && device.streams.length > 0) return 'ready';
  if (device.state === 'needs_sign_in') return 'signIn';
  // It stays where it was while the password is tried.
  return device.state === 'asking' && signingIn ? 'signIn' : 'other';
}

/** A tile is at least this wide; a smaller picture would look coarse in it. */
const LEAST_SUB_WIDTH = 320;

const area = ({ width, height }: FoundStream) => (width ?? 0) * (height ?? 0);

/** The largest stream for one camera alone, and the smallest that still fills a tile. */
export function usualStreams(streams: FoundStream[]): { main: number; sub: number | null } {
  let main = 0;
  streams.forEach((stream, at) => {
    if (area(stream) > area(streams[main] as FoundStream)) main = at;
  });
  return { main, sub: usualSub(streams, main) };
}

/** The smallest stream below `main` that still fills a tile, null when there is none. */
export function usualSub(streams: FoundStream[], main: number): number | null {
  const largest = streams[main];
  let sub: number | null = null;
  streams.forEach((stream, at) => {
    if (!largest || (stream.width ?? 0) < LEAST_SUB_WIDTH || area(stream) >= area(largest)) return;
    if (sub === null || area(stream) < area(streams[sub] as FoundStream)) sub = at;
  });
  return sub;
}

/** What a person changed about a device; the rest is as usual. */
export interface Wish {
  chosen?: boolean;
  name?: string;
  main?: number;
  sub?: number | null;
}

export interface Plan {
  chosen: boolean;
  name: string;
  main: number;
  sub: number | null;
}

/** How a ready device would be added. One that is a camera already is not chosen. */
export function planOf(device: Device, wish: Wish = {}): Plan {
  const usual = usualStreams(device.streams);
  const main = wish.main ?? usual.main;
  const sub = wish.sub === undefined ? usualSub(device.streams, main) : wish.sub;
  return {
    chosen: device.stream_id === null && (wish.chosen ?? true),
    name: wish.name ?? nameOf(device),
    main,
    sub: sub === main ? null : sub,
  };
}

/** What a person would call it before giving it a name. */
export function nameOf({ name, manufacturer, model, address }: Device): string {
  return name || [manufacturer, model].filter(Boolean).join(' ') || address;
}

/** The RTSP address of a device that told none. */
export function addressOf({ address, port }: Device): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `rtsp://${host}${port === null || port === 554 ? '' : `:${port}`}`;
}

/** The address of a stream as a test needs it: the server tells it without the password. */
export function probeUrl({ rtsp_url }: FoundStream, signIn: SignIn | undefined): string {
  const { url } = splitAddress(rtsp_url);
  return signIn ? joinAddress({ url, user: signIn.username, password: signIn.password }) : url;
}
