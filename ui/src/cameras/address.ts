// What a person pastes as a camera's address, taken apart and put together: URL, IP or host,
// with a password full of special characters or none. The server has the last word on it.

export interface Address {
  /** The address without user and password. */
  url: string;
  user: string;
  password: string;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/** Splits what was pasted. A bare host or IP becomes an `rtsp://` address. */
export function splitAddress(pasted: string): Address {
  const text = pasted.trim();
  if (text === '' || /^demo:/i.test(text)) return { url: text, user: '', password: '' };
  const scheme = SCHEME.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length);
  const at = credentialsEnd(rest);
  const url = (scheme || 'rtsp://') + rest.slice(at + 1);
  if (at < 0) return { url, user: '', password: '' };
  const credentials = rest.slice(0, at);
  const colon = credentials.indexOf(':');
  return {
    url,
    user: decode(colon < 0 ? credentials : credentials.slice(0, colon)),
    password: colon < 0 ? '' : decode(credentials.slice(colon + 1)),
  };
}

/** The full address, with user and password encoded the way a URL needs them. */
export function joinAddress({ url, user, password }: Address): string {
  const scheme = SCHEME.exec(url)?.[0];
  if (!scheme || (user === '' && password === '')) return url;
  const credentials = encode(user) + (password === '' ? '' : `:${encode(password)}`);
  return `${scheme}${credentials}@${url.slice(scheme.length)}`;
}

/** Host of an address, for a name; empty when there is none. */
export function hostOf(url: string): string {
  const rest = url.replace(SCHEME, '').split(/[/?#]/, 1)[0] ?? '';
  const host = rest.slice(rest.lastIndexOf('@') + 1);
  return /^\[[^\]]*\]/.exec(host)?.[0] ?? host.replace(/:\d*$/, '');
}

/** Index of the `@` that ends user and password, or -1. */
function credentialsEnd(rest: string): number {
  const authority = rest.split('/', 1)[0] ?? '';
  if (authority.includes('@')) return authority.lastIndexOf('@');
  // `user:pa/ss@host` has its first slash inside the password: what stands before it is
  // then no `host:port`.
  const looksLikeHost = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.test(authority);
  return looksLikeHost ? -1 : rest.lastIndexOf('@');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare per cent sign: the text was not encoded in the first place.
    return text;
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
