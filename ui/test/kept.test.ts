import { afterEach, expect, it, vi } from 'vitest';
import { isKeptAs, keep, kept } from '../src/lib/kept';

afterEach(() => vi.restoreAllMocks());

it('keeps a choice until it is forgotten', () => {
  expect(kept('theme')).toBeNull();
  keep('theme', 'light');
  expect(kept('theme')).toBe('light');
  expect(isKeptAs('theme', localStorage.key(0))).toBe(true);
  keep('theme', null);
  expect(kept('theme')).toBeNull();
});

it('goes without a storage that is switched off', () => {
  for (const call of ['getItem', 'setItem', 'removeItem'] as const) {
    vi.spyOn(Storage.prototype, call).mockImplementation(() => {
      throw new DOMException('switched off', 'SecurityError');
    });
  }
  keep('theme', 'light');
  keep('theme', null);
  expect(kept('theme')).toBeNull();
});
