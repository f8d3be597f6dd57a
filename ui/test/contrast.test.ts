// The colours of both themes keep WCAG AA contrast wherever text or controls use them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

type Tokens = Record<string, string>;

const css = readFileSync(join(import.meta.dirname, '../src/styles/tokens.css'), 'utf8');
const blocks = [...css.matchAll(/:root([^{]*)\{([^}]*)\}/g)].map(([, selector, body]) => ({
  name: selector?.includes('light') ? 'light' : 'dark',
  tokens: Object.fromEntries(
    [...(body ?? '').matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)].map(([, name, value]) => [
      name,
      value,
    ]),
  ) as Tokens,
}));

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT = 4.5;
const CONTROL = 3;
const PAIRS: [string, string, number][] = [
  ['text', 'ground', TEXT],
  ['text', 'surface', TEXT],
  ['text', 'raised', TEXT],
  ['text', 'warning-ground', TEXT],
  ['text-quiet', 'ground', TEXT],
  ['text-quiet', 'surface', TEXT],
  ['text-quiet', 'raised', TEXT],
  ['accent', 'surface', TEXT],
  ['accent', 'raised', TEXT],
  ['on-accent', 'accent', TEXT],
  ['on-accent', 'accent-hover', TEXT],
  ['warning', 'surface', TEXT],
  ['warning', 'warning-ground', TEXT],
  ['error', 'surface', TEXT],
  ['error', 'raised', TEXT],
  ['on-error', 'error-solid', TEXT],
  ['line-strong', 'surface', CONTROL],
  ['line-strong', 'ground', CONTROL],
  ['accent', 'ground', CONTROL],
];

describe.each(blocks)('$name', ({ tokens }) => {
  test.each(PAIRS)('%s on %s is at least %d', (over, under, least) => {
    expect(contrast(tokens[over] ?? '', tokens[under] ?? '')).toBeGreaterThanOrEqual(least);
  });
});

test('both themes are there', () => {
  expect(blocks.map(({ name }) => name)).toEqual(['dark', 'light']);
});
