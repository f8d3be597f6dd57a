// What the image's Dockerfile says twice: versions and packages that stand elsewhere, too, and what
// is left out of its context. What is in a finished image, tests/package looks at.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEBIAN } from './lib/packages.mjs';
import { version } from './lib/packaging.mjs';
import { inRoot } from './lib/paths.mjs';

const dockerfile = readFileSync(inRoot('deploy/container/Dockerfile'), 'utf8');
const ignored = readFileSync(inRoot('.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

const argument = (name) => new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(dockerfile)?.[1];
const isAsNewAs = (have, want) => have.localeCompare(want, 'en', { numeric: true }) >= 0;

test('its Rust is as new as Cargo.toml asks for', () => {
  const have = /rust:(\d+\.\d+\.\d+)-slim-bookworm$/.exec(argument('RUST_IMAGE'))[1];
  const want = /^rust-version = "(.+)"/m.exec(readFileSync(inRoot('Cargo.toml'), 'utf8'))[1];
  assert.ok(isAsNewAs(have, want), `${have}, and ${want} is asked for`);
});

test('its Node is as new as package.json asks for', () => {
  const have = /node:(\d+\.\d+\.\d+)-bookworm-slim$/.exec(argument('NODE_IMAGE'))[1];
  const want = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).engines.node;
  assert.ok(isAsNewAs(have, want.replace('>=', '')), `${have}, and ${want} is asked for`);
});

test('an older version is told', () => {
  assert.ok(isAsNewAs('1.90.0', '1.90'));
  assert.ok(isAsNewAs('1.100.0', '1.90'));
  assert.ok(!isAsNewAs('1.9.0', '1.90'));
});

test('it is labelled with the version of the workspace', () => {
  assert.equal(argument('VERSION'), version());
});

test('it installs what a build of the server needs, and pip for its FFmpeg', () => {
  const [, installed] = /apt-get install -y --no-install-recommends ([^\\\n]+)/.exec(dockerfile);
  assert.deepEqual(installed.trim().split(' '), [...DEBIAN.server, 'python3-pip']);
});

test('it is built and run on one Debian, whose libc the program then finds', () => {
  for (const name of ['NODE_IMAGE', 'RUST_IMAGE']) assert.match(argument(name), /bookworm/);
  assert.match(argument('RUNTIME_IMAGE'), /debian12/);
});

test('no build of this checkout and no secret gets into its context', () => {
  for (const name of [
    '.git',
    '.cache',
    '**/node_modules',
    '**/target',
    'src-tauri/binaries',
    'deploy',
  ])
    assert.ok(ignored.includes(name), name);
});

test('everything that the workspace is made of is in its context', () => {
  const members = /^members = \[(.+)\]/m.exec(readFileSync(inRoot('Cargo.toml'), 'utf8'))[1];
  for (const [, member] of members.matchAll(/"(.+?)"/g)) {
    assert.ok(existsSync(inRoot(member, 'Cargo.toml')), member);
    assert.ok(!ignored.some((line) => member === line || member.startsWith(`${line}/`)), member);
  }
});

test('everything that it copies is there', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from]) =>
    from.split(' '),
  );
  assert.ok(copied.length > 5);
  for (const path of copied) {
    assert.ok(existsSync(inRoot(path)), path);
    assert.ok(!ignored.includes(path), path);
  }
});
