// What a package carries beside the programs, and what is told to Tauri's bundler about it. Where
// each file goes on Linux stands in tauri.conf.json; package.mjs builds and calls the bundler.

import { lstatSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { capture } from './exec.mjs';
import { describedBuild, makerOf, sourceOffer } from './ffmpeg-offer.mjs';
import { notices } from './notices.mjs';
import { EXE, inRoot } from './paths.mjs';
import { Trouble } from './steps.mjs';
import { hostTriple } from './toolchain.mjs';

/** Made anew for each package; tauri.conf.json takes its files from here. */
const NOTICES = inRoot('src-tauri/notices');
export const NOBODY = 'The Fanlight authors';

/** Who publishes the package, as `Name <mail>`: they answer for it, and for the sources of FFmpeg. */
export const publisher = () => process.env.FANLIGHT_PUBLISHER?.trim() || NOBODY;

export const version = () =>
  /^\[workspace\.package\]\nversion = "(.+)"/m.exec(readFileSync(inRoot('Cargo.toml'), 'utf8'))[1];

/** Seconds since 1970 of the commit that is packaged, so that a package can be made again alike. */
export function packagedAt() {
  const told = process.env.SOURCE_DATE_EPOCH;
  const { ok, stdout } = capture('git', ['log', '-1', '--format=%ct']);
  return Number(told || (ok && stdout.trim()) || Math.floor(Date.now() / 1000));
}

/**
 * The build of FFmpeg at `path`, as `{ build, maker }`. Refuses one that we may not pass on: the
 * system's own, which other files on this machine belong to, and one of which we know no sources.
 */
export function shippable(path) {
  const again = 'Delete it, mend the download, and run `npm run package` again.';
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) {
    throw new Trouble(`There is no FFmpeg to package: ${path} is missing.\nRun npm start first.`);
  }
  if (found.isSymbolicLink()) {
    throw new Trouble(
      `This FFmpeg cannot be packaged: ${path}\nis a link to ${readlinkSync(path)}, the one of this system. A package ` +
        `needs the pinned build, which runs elsewhere, too, and whose sources are known.\n${again}`,
    );
  }
  const { stdout } = capture(path, ['-version']);
  const build = describedBuild(stdout);
  if (/--enable-nonfree\b/.test(build?.configuration ?? '')) {
    throw new Trouble(
      `This FFmpeg cannot be packaged: ${path}\nis built with --enable-nonfree, and nobody may pass such a build on.\n${again}`,
    );
  }
  const maker = build && makerOf(build);
  if (!maker) {
    const what = build ? `version ${build.version}` : 'it does not run';
    throw new Trouble(
      `This FFmpeg cannot be packaged: ${path}\nis none of the pinned builds (${what}), so nobody knows where its ` +
        `sources are, which the GPL asks to be told.\n${again}`,
    );
  }
  return { build, maker };
}

/** The entries of the newest version in CHANGELOG.md, as Debian writes a changelog. */
export function debianChangelog(markdown, number, by, seconds, name = 'fanlight') {
  const section = markdown.split(/^## /m)[1] ?? '';
  const entries = [...section.matchAll(/^- ((?:.|\n(?= {2}))+)/gm)].map(([, text]) =>
    text.replace(/\s+/g, ' '),
  );
  const wrapped = entries.map((text) => {
    const lines = [''];
    for (const word of text.split(' ')) {
      if (lines.at(-1).length + word.length > 74) lines.push('');
      lines[lines.length - 1] += lines.at(-1) ? ` ${word}` : word;
    }
    return `  * ${lines.join('\n    ')}`;
  });
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000');
  return `${name} (${number}) unstable; urgency=medium\n\n${wrapped.join('\n')}\n\n -- ${by}  ${date}\n`;
}

/** The newest glibc that programs ask for, by the output of `objdump -T`; null without any. */
export function newestGlibc(symbols) {
  const asked = [...symbols.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, a, b]) => [+a, +b]);
  asked.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  return asked.length > 0 ? asked.at(-1).join('.') : null;
}

/** Writes what goes into the package beside the programs. */
export function writeNotices() {
  const triple = hostTriple();
  const { build, maker } = shippable(inRoot(`src-tauri/binaries/fanlight-ffmpeg-${triple}${EXE}`));
  const by = publisher();
  const asked = by === NOBODY ? 'the Fanlight authors, where you got this copy.' : by;
  const at = packagedAt();
  mkdirSync(NOTICES, { recursive: true });
  const write = (name, content) => writeFileSync(join(NOTICES, name), content);
  write('FFMPEG-SOURCE.txt', sourceOffer(build, maker, asked));
  write('THIRD-PARTY.txt', notices(triple, 'fanlight-desktop'));
  const changes = readFileSync(inRoot('CHANGELOG.md'), 'utf8');
  write('changelog.gz', gzipSync(debianChangelog(changes, version(), by, at), { level: 9 }));
  for (const page of ['fanlight.1', 'fanlight-ffmpeg.1']) {
    write(`${page}.gz`, gzipSync(readFileSync(inRoot('src-tauri/linux', page)), { level: 9 }));
  }
  const metainfo = 'io.fanlight.desktop.metainfo.xml';
  const day = new Date(at * 1000).toISOString().slice(0, 10);
  const template = readFileSync(inRoot('src-tauri/linux', metainfo), 'utf8');
  write(metainfo, template.replace('@VERSION@', version()).replace('@DATE@', day));
  return `FFmpeg ${build.version} by ${maker.name}`;
}

/** The libc that the programs want: packages say it, or an older system installs what cannot run. */
export function libcOf(programs) {
  const { ok, stdout } = capture('objdump', ['-T', ...programs]);
  const newest = ok && newestGlibc(stdout);
  if (!newest) throw new Trouble('objdump (binutils) does not tell which glibc the programs want.');
  return newest;
}

/** Signed updates are made when both halves of their key are there; the app does not fetch any yet. */
function updates() {
  const pubkey = process.env.FANLIGHT_UPDATER_PUBKEY;
  if (!pubkey || !process.env.TAURI_SIGNING_PRIVATE_KEY) return {};
  return { bundle: { createUpdaterArtifacts: true }, plugins: { updater: { pubkey } } };
}

/** What only a package knows, to be merged into tauri.conf.json. `program` is the built app. */
export function bundleConfig(program) {
  const { bundle: updating, plugins } = updates();
  const bundle = { publisher: publisher(), ...updating };
  if (process.platform === 'linux') {
    const sidecar = inRoot(`src-tauri/binaries/fanlight-ffmpeg-${hostTriple()}`);
    const glibc = libcOf([program, sidecar]);
    const width = process.arch.includes('64') ? '(64bit)' : '()';
    bundle.linux = {
      deb: { depends: [`libc6 (>= ${glibc})`] },
      rpm: { depends: [`libc.so.6(GLIBC_${glibc})${width}`] },
    };
  } else {
    // On Linux these have places of their own. A build without a package has no notices to copy.
    bundle.resources = {
      '../LICENSE': 'licenses/LICENSE.txt',
      'licenses/GPL-3.0.txt': 'licenses/GPL-3.0.txt',
      'notices/FFMPEG-SOURCE.txt': 'licenses/FFMPEG-SOURCE.txt',
      'notices/THIRD-PARTY.txt': 'licenses/THIRD-PARTY.txt',
    };
  }
  return { bundle, ...(plugins && { plugins }) };
}
