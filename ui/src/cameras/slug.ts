// Ids for new cameras: readable, unique, and what the API accepts.

/** What the API accepts as a stream id. */
export const STREAM_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const MAX_LENGTH = 64;

/** An id made from a camera's name (or host), different from every id in `taken`. */
export function streamIdFor(name: string, taken: Iterable<string>): string {
  const base =
    name
      .normalize('NFKD')
      // Accents that the normalisation set apart from their letters.
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, MAX_LENGTH)
      .replace(/-+$/, '') || 'camera';
  const used = new Set(taken);
  for (let n = 1; ; n++) {
    const suffix = n === 1 ? '' : `-${n}`;
    const id = base.slice(0, MAX_LENGTH - suffix.length) + suffix;
    if (!used.has(id)) return id;
  }
}
