// What a person chose on the page, kept in the browser's storage between starts.

const PREFIX = 'fanlight.';

/** Null where nothing was kept. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    // Storage can be switched off; then a choice lasts as long as the page.
    return null;
  }
}

/** Null forgets it. */
export function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // See `kept`.
  }
}

/** Whether this key of the browser's storage is that name's. */
export const isKeptAs = (name: string, key: string | null): boolean => key === PREFIX + name;
