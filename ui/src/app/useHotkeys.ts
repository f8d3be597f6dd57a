// Keys that work anywhere except while typing, in a dialog or in a menu.
import { useEffect, useRef } from 'react';

export type Hotkeys = Record<string, () => void>;

/** @param keys action by `KeyboardEvent.key` in lower case; may be a new object at every render */
export function useHotkeys(keys: Hotkeys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest('input, textarea')) return;
      if (document.querySelector('[role=dialog], [role=alertdialog], [role=menu]')) return;
      const action = current.current[event.key.toLowerCase()];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
