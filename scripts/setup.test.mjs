// What the set-up decides: which packages are missing, which FFmpeg is new enough, what is stale.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { majorOf } from './lib/sidecar.mjs';
import { hashOf } from './lib/stamp.mjs';
import { duration } from './lib/steps.mjs';
import { missingPackages } from './lib/system.mjs';

const nothing = { installed: new Set(), has: () => false, ubuntu: false };

test('a package that is installed is not asked for again', () => {
  const installed = new Set(['build-essential', 'cmake', 'mold', 'nasm']);
  assert.deepEqual(missingPackages(['server'], { ...nothing, installed }), ['pkg-config']);
});

test('a package that two purposes want is named once', () => {
  const names = missingPackages(['run', 'test'], nothing);
  assert.equal(names.filter((name) => name === 'gstreamer1.0-libav').length, 1);
});

test('a headless server asks for no desktop library', () => {
  assert.ok(!missingPackages(['server'], nothing).some((name) => name.includes('gtk')));
});

test('another browser does as well, and Ubuntu has its own name for it', () => {
  const chrome = { ...nothing, has: (command) => command === 'google-chrome' };
  assert.ok(!missingPackages(['test'], chrome).includes('chromium'));
  assert.ok(missingPackages(['test'], nothing).includes('chromium'));
  assert.ok(missingPackages(['test'], { ...nothing, ubuntu: true }).includes('chromium-browser'));
});

test('the major version is read from what FFmpeg builds call themselves', () => {
  assert.equal(majorOf('7.1.1'), 7);
  assert.equal(majorOf('5.1.9-0+deb12u1'), 5);
  assert.equal(majorOf('n9.0.2-17-g2a571b6068-20260930'), 9);
  assert.equal(majorOf('N-118000-gabcdef'), null);
  assert.equal(majorOf(null), null);
});

test('a hash changes with the content it is made from, and only then', () => {
  assert.equal(hashOf(['scripts/lib']), hashOf(['scripts/lib']));
  assert.notEqual(hashOf(['scripts/lib']), hashOf(['scripts/start.mjs']));
  assert.equal(hashOf(['no/such/folder']), hashOf([]));
});

test('times are short and steady', () => {
  assert.equal(duration(412), '0.4 s');
  assert.equal(duration(59_940), '59.9 s');
  assert.equal(duration(245_000), '4 min 05 s');
});
