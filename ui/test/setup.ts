// What jsdom lacks, in its simplest truthful form. Tests that need more control replace it.
import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import '../src/i18n';

// A second is little on a machine that builds something meanwhile.
configure({ asyncUtilTimeout: 5000 });

/** Everything observed is on screen. */
class EverythingVisible {
  constructor(readonly callback: IntersectionObserverCallback) {}
  observe(target: Element) {
    const entry = { isIntersecting: true, target } as IntersectionObserverEntry;
    this.callback([entry], this as unknown as IntersectionObserver);
  }
  unobserve() {}
  disconnect() {}
}

class NothingResizes {
  observe() {}
  unobserve() {}
  disconnect() {}
}

// dnd-kit looks for it while it is loaded.
globalThis.ResizeObserver = NothingResizes;

beforeEach(() => {
  vi.stubGlobal('IntersectionObserver', EverythingVisible);
  vi.stubGlobal('matchMedia', () => ({
    matches: false,
    addEventListener: () => {},
    removeEventListener: () => {},
  }));
  let nextUrl = 0;
  URL.createObjectURL = vi.fn(() => `blob:test/${nextUrl++}`);
  URL.revokeObjectURL = vi.fn();
  // Radix menus and toasts use these on pointer events.
  HTMLElement.prototype.hasPointerCapture = () => false;
  HTMLElement.prototype.setPointerCapture = () => {};
  HTMLElement.prototype.scrollIntoView = () => {};
  // A window of 1200 by 800, so that tiles have a size.
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(1200);
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(800);
  localStorage.clear();
  window.history.replaceState(null, '', '#/');
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});
