// @vitest-environment jsdom
import { expect, test } from 'vitest';
import script from '../src/script';

test('the plain script puts the class on window and exports it', () => {
  expect((window as unknown as { RTSPStreamClient: unknown }).RTSPStreamClient).toBe(script);
  expect(new script('http://localhost:8080/', 'a').serverUrl).toBe('ws://localhost:8080');
});
