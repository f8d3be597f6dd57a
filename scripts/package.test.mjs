// What a package decides: whether its FFmpeg may be passed on, what is told of it, and whose notices
// go with the programs. What is in a finished package, tests/package looks at.

import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { describedBuild, ffmpegRevision, makerOf, sourceOffer } from './lib/ffmpeg-offer.mjs';
import { bundledFrom, compiledIn, licenceFiles, noticesOf } from './lib/notices.mjs';
import { debianChangelog, newestGlibc, shippable } from './lib/packaging.mjs';
import { inRoot } from './lib/paths.mjs';

const folder = mkdtempSync(join(tmpdir(), 'fanlight-package-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const said = (version, configuration) =>
  `ffmpeg version ${version} Copyright (c) 2000-2026 the FFmpeg developers\nbuilt with gcc 16\nconfiguration: ${configuration}\n`;

/** The builds in the pinned wheels, and who makes them. */
const BUILDS = [
  [
    'Linux',
    'n9.0.2-17-g2a571b6068-20260930',
    '--prefix=/ffbuild/prefix --enable-gpl --enable-version3',
    'BtbN/FFmpeg-Builds',
  ],
  [
    'Windows on ARM',
    'n9.0.1-11-ge47273f4d9-20260831',
    '--prefix=/ffbuild/prefix --arch=aarch64 --target-os=mingw32 --enable-gpl',
    'BtbN/FFmpeg-Builds',
  ],
  ['Windows', '9.0.2-essentials_build-www.gyan.dev', '--enable-gpl --enable-version3', 'gyan.dev'],
  ['macOS on Intel', '9.0.2-tessus', '--prefix=/opt/ffmpeg --enable-gpl', 'evermeet.cx'],
  ['macOS on ARM', '9.0', '--prefix=/Volumes/tempdisk/sw --enable-gpl', 'OSXExperts.NET'],
];

for (const [system, version, configuration, maker] of BUILDS) {
  test(`the maker of the build for ${system} is known`, () => {
    const build = describedBuild(said(version, configuration));
    assert.deepEqual(build, { version, configuration });
    assert.equal(makerOf(build)?.name, maker);
  });
}

test("a distribution's FFmpeg has no maker whose sources we could name", () => {
  const debian = said('5.1.9-0+deb12u1', '--prefix=/usr --extra-version=0+deb12u1 --enable-gpl');
  assert.equal(makerOf(describedBuild(debian)), null);
  assert.equal(describedBuild('command not found'), null);
});

test('the sources are those of the commit, or of the release where there is none', () => {
  const revision = (version) => Object.values(ffmpegRevision(version));
  assert.deepEqual(revision('n9.0.2-17-g2a571b6068-20260930'), ['2a571b6068', '9.0.2']);
  assert.deepEqual(revision('9.0.2-essentials_build-www.gyan.dev'), [null, '9.0.2']);
  assert.deepEqual(revision('9.0'), [null, '9.0']);
});

test('the offer names the build, its sources, its scripts, and whom to ask', () => {
  const build = describedBuild(said(BUILDS[0][1], BUILDS[0][2]));
  const text = sourceOffer(build, makerOf(build), 'Ann <ann@example.org>');
  for (const part of [
    'n9.0.2-17-g2a571b6068-20260930',
    '--enable-version3',
    'https://git.ffmpeg.org/ffmpeg.git, commit 2a571b6068',
    'autobuild-2026-09-30-',
    'https://github.com/BtbN/FFmpeg-Builds',
    'Ann <ann@example.org>',
    'three years',
  ]) {
    assert.ok(text.includes(part), part);
  }
});

test('the licence that is shipped is the whole GPL, version 3', () => {
  const text = readFileSync(inRoot('src-tauri/licenses/GPL-3.0.txt'), 'utf8');
  assert.match(text, /GNU GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007/);
  assert.match(text, /17\. Interpretation of Sections 15 and 16\./);
  assert.match(text, /END OF TERMS AND CONDITIONS/);
});

/** A program that answers `-version` like FFmpeg does. */
function ffmpeg(name, version, configuration) {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${said(version, configuration)}END\n`);
  chmodSync(path, 0o755);
  return path;
}

const unix = { skip: process.platform === 'win32' && 'links and shell scripts' };

test('the pinned FFmpeg is packaged', unix, () => {
  const { build, maker } = shippable(ffmpeg('pinned', BUILDS[0][1], BUILDS[0][2]));
  assert.deepEqual([build.version, maker.name], [BUILDS[0][1], 'BtbN/FFmpeg-Builds']);
});

test("a link to the system's FFmpeg is refused, whatever it leads to", unix, () => {
  const link = join(folder, 'link');
  symlinkSync(ffmpeg('linked-to', BUILDS[0][1], BUILDS[0][2]), link);
  assert.throws(
    () => shippable(link),
    /cannot be packaged.*\n.*is a link to .*linked-to.*\n.*again/,
  );
});

test('an FFmpeg that may not be passed on is refused', unix, () => {
  const unknown = ffmpeg('unknown', '8.0', '--prefix=/usr/local --enable-gpl');
  assert.throws(() => shippable(unknown), /none of the pinned builds \(version 8\.0\)/);
  assert.throws(() => shippable(join(folder, 'missing')), /is missing/);
  const nonfree = ffmpeg('nonfree', BUILDS[0][1], `${BUILDS[0][2]} --enable-nonfree`);
  assert.throws(() => shippable(nonfree), /--enable-nonfree/);
});

test('only what is compiled in is named: no tests, no build tools, nothing of ours', () => {
  const packages = ['fanlight-desktop', 'fanlight-api', 'tauri', 'cc', 'rstest', 'url'].map(
    (name) => ({
      id: name,
      name,
      source: name.startsWith('fanlight') ? null : 'registry',
    }),
  );
  const dep = (pkg, kind) => ({ pkg, dep_kinds: [{ kind }] });
  const nodes = [
    {
      id: 'fanlight-desktop',
      deps: [dep('fanlight-api', null), dep('rstest', 'dev'), dep('tauri', null)],
    },
    { id: 'fanlight-api', deps: [dep('url', null)] },
    { id: 'tauri', deps: [dep('cc', 'build'), dep('url', null)] },
    { id: 'url', deps: [] },
  ];
  const found = compiledIn({ packages, resolve: { nodes } }, 'fanlight-desktop');
  assert.deepEqual(found.map((one) => one.name).sort(), ['tauri', 'url']);
});

test('npm packages are found where npm put them, beside who wants them or further up', () => {
  const packages = {
    ui: { dependencies: { a: '1', ours: '1' } },
    ours: { dependencies: { b: '1' } },
    'node_modules/ours': { link: true, resolved: 'ours' },
    'node_modules/a': { dependencies: { b: '2' } },
    'node_modules/a/node_modules/b': {},
    'node_modules/b': {},
    'node_modules/unused': {},
  };
  assert.deepEqual(bundledFrom({ packages }, 'ui').sort(), [
    'node_modules/a',
    'node_modules/a/node_modules/b',
    'node_modules/b',
  ]);
});

test('a licence text that two packages share stands there once, under both', () => {
  const packages = ['one', 'two'].map((name) => {
    const at = join(folder, name, 'vendored');
    mkdirSync(at, { recursive: true });
    writeFileSync(
      join(folder, name, 'LICENSE-MIT'),
      name === 'one' ? 'Free\r\nto use' : 'Free to use',
    );
    writeFileSync(join(at, 'COPYING'), `C library of ${name}`);
    writeFileSync(join(at, 'license.rs'), 'fn main() {}');
    return {
      name,
      version: '1.0.0',
      licence: 'MIT',
      page: 'x',
      authors: [],
      folder: join(folder, name),
    };
  });
  assert.deepEqual(licenceFiles(packages[0].folder), ['LICENSE-MIT', 'vendored/COPYING']);
  const { list, texts } = noticesOf(packages);
  assert.match(list, /^one 1\.0\.0\n {2}MIT; x\ntwo 1\.0\.0/);
  assert.equal(texts.split(/Free\s+to use/).length, 2);
  assert.match(texts, /one 1\.0\.0, two 1\.0\.0/);
  assert.match(texts, /C library of two/);
});

test('the newest glibc that is asked for counts, by number', () => {
  assert.equal(newestGlibc('(GLIBC_2.9) puts\n(GLIBC_2.34) main\n(GLIBC_2.17) x'), '2.34');
  assert.equal(newestGlibc('no symbols'), null);
});

test("the changelog becomes one of Debian's, with the newest entries only", () => {
  const text = debianChangelog(
    '# Changes\n\n## [Unreleased]: 0.2.0\n\n### Added\n\n- A thing,\n  told on.\n- Another.\n\n## 0.1.0\n\n- Old.\n',
    '0.2.0',
    'Ann <ann@example.org>',
    0,
  );
  assert.equal(
    text,
    'fanlight (0.2.0) unstable; urgency=medium\n\n  * A thing, told on.\n  * Another.\n\n' +
      ' -- Ann <ann@example.org>  Thu, 01 Jan 1970 00:00:00 +0000\n',
  );
});
