import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logName } from './lib/steps.mjs';

test('a log is named after its step', () => {
  assert.equal(logName('Building the desktop app'), 'building-the-desktop-app.log');
  assert.equal(logName('pytest tests/e2e'), 'pytest-tests-e2e.log');
});

test('a step with a long list in its title has a log that any file system takes', () => {
  const title = `Installing system packages: ${'gstreamer1.0-plugins-base '.repeat(20)}`;
  assert.ok(Buffer.byteLength(logName(title)) < 100);
});
