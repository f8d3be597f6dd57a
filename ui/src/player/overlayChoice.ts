// Whether tiles tell their figures; a choice of the person, kept between starts.
import { useSyncExternalStore } from 'react';

const STORED_AS = 'fanlight.overlay';
const listeners = new Set<() => void>();
let on = read();

function read(): boolean {
  try {
    return localStorage.getItem(STORED_AS) === 'on';
  } catch {
    // Storage can be switched off; then the choice lasts as long as the page.
    return false;
  }
}

export function toggleOverlay(): void {
  on = !on;
  try {
    localStorage.setItem(STORED_AS, on ? 'on' : 'off');
  } catch {
    // See read.
  }
  for (const tell of listeners) tell();
}

export function useOverlay(): boolean {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => on,
  );
}
