// The pages' addresses, `#/…`: read, written and followed. In the hash, so that they work from the
// desktop's own scheme and from any server without rules for its paths.
import { useSyncExternalStore } from 'react';

export type Route =
  | { page: 'cameras' }
  | { page: 'health' }
  | { page: 'camera'; id: string }
  /** `camera`: only those of this one; `play`: the recording that is open. */
  | { page: 'recordings'; camera?: string; play?: string }
  | { page: 'events'; camera?: string }
  | { page: 'scripts' }
  | { page: 'scan' }
  | { page: 'settings' }
  /** `back`: the hash to go to afterwards. */
  | { page: 'sign-in'; back?: string }
  /** An address that names no page. */
  | { page: 'unknown' };

export type PageName = Route['page'];
export type RouteOf<P extends PageName> = Extract<Route, { page: P }>;

const PLAIN = ['health', 'scripts', 'scan', 'settings'] as const;

/** Reads a hash such as `#/camera/door`. */
export function parseRoute(hash: string): Route {
  const [path = '', query] = hash.replace(/^#/, '').split('?', 2);
  const [page = '', id, ...more] = path.split('/').filter((part) => part !== '');
  const words = new URLSearchParams(query);
  const camera = words.get('camera');
  if (more.length > 0) return { page: 'unknown' };
  if (page === 'camera' && id !== undefined) {
    const decoded = decode(id);
    return decoded === null ? { page: 'unknown' } : { page, id: decoded };
  }
  if (id !== undefined) return { page: 'unknown' };
  if (page === '') return { page: 'cameras' };
  if (page === 'events') return { page, ...(camera && { camera }) };
  if (page === 'recordings') {
    const play = words.get('play');
    return { page, ...(camera && { camera }), ...(play && { play }) };
  }
  if (page === 'sign-in') {
    const back = words.get('back');
    return { page, ...(back?.startsWith('#/') && { back }) };
  }
  const plain = PLAIN.find((name) => name === page);
  return { page: plain ?? 'unknown' };
}

/** The hash of a route, for links and `navigate`. */
export function formatRoute(route: Route): string {
  switch (route.page) {
    case 'cameras':
    case 'unknown':
      return '#/';
    case 'camera':
      return `#/camera/${encodeURIComponent(route.id)}`;
    case 'recordings':
      return `#/recordings${query({ camera: route.camera, play: route.play })}`;
    case 'events':
      return `#/events${query({ camera: route.camera })}`;
    case 'sign-in':
      return `#/sign-in${query({ back: route.back })}`;
    default:
      return `#/${route.page}`;
  }
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function query(words: Record<string, string | undefined>): string {
  const given = Object.entries(words).filter((pair): pair is [string, string] => !!pair[1]);
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

/** Goes to a route; `replace` leaves no way back to where one is now. */
export function navigate(to: Route, { replace = false } = {}): void {
  follow(formatRoute(to), { replace });
}

/** Goes to a hash that comes from outside, such as the tray's menu. */
export function follow(hash: string, { replace = false } = {}): void {
  if (hash === (window.location.hash || '#/')) return;
  if (replace) {
    window.history.replaceState(null, '', hash);
    // Replacing tells nobody.
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    window.location.hash = hash;
  }
}

function onChange(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

/** The route one is on. The same object until it changes. */
export function useRoute(): Route {
  return useSyncExternalStore(onChange, currentRoute);
}

let current: { hash: string; route: Route } | null = null;

export function currentRoute(): Route {
  const { hash } = window.location;
  if (current?.hash !== hash) current = { hash, route: parseRoute(hash) };
  return current.route;
}
