// Whether tiles tell their figures; a choice of the person, kept between starts.
import { useSyncExternalStore } from 'react';
import { keep, kept } from '../lib/kept';

const KEPT_AS = 'overlay';
const listeners = new Set<() => void>();
let on = kept(KEPT_AS) === 'on';

export function toggleOverlay(): void {
  on = !on;
  keep(KEPT_AS, on ? 'on' : 'off');
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
