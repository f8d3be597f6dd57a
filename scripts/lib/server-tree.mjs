// The files of a server, as its Debian package and its container image both have them: the program,
// its FFmpeg beside it, and what licences ask for.

import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from './exec.mjs';
import { sourceOffer } from './ffmpeg-offer.mjs';
import { notices } from './notices.mjs';
import { NOBODY, publisher, shippable } from './packaging.mjs';
import { inRoot } from './paths.mjs';
import { hostTriple } from './toolchain.mjs';

export const NAME = 'fanlight-server';
/** The program and its FFmpeg, which is found beside it; the desktop package has its own. */
const PROGRAMS = `usr/lib/${NAME}`;
export const DOC = `usr/share/doc/${NAME}`;

/** A folder that files are put into, with the modes they are to have whatever the umask is. */
export class Tree {
  constructor(root) {
    this.root = root;
  }

  at(path) {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true, mode: 0o755 });
    return full;
  }

  write(path, content, mode = 0o644) {
    const to = this.at(path);
    writeFileSync(to, content);
    chmodSync(to, mode);
  }

  copy(from, path, mode = 0o644) {
    const to = this.at(path);
    copyFileSync(from, to);
    chmodSync(to, mode);
  }
}

/** The copyright file of the desktop package, with the server's paths. */
export const copyrightOf = (desktop) =>
  desktop
    .replaceAll('usr/bin/fanlight-ffmpeg', `${PROGRAMS}/fanlight-ffmpeg`)
    .replaceAll('/usr/share/doc/fanlight/', `/${DOC}/`);

/** The FFmpeg that goes with a server built here. */
export const sidecarHere = () => inRoot(`src-tauri/binaries/fanlight-ffmpeg-${hostTriple()}`);

/** Puts the server built at `program` into a tree. */
export function putServer(tree, program) {
  const sidecar = sidecarHere();
  const { build, maker } = shippable(sidecar);
  const by = publisher();
  const asked = by === NOBODY ? 'the Fanlight authors, where you got this copy.' : by;
  tree.copy(program, `${PROGRAMS}/${NAME}`, 0o755);
  // Debug information is of no use to those who install it, and most of a debug build.
  capture('strip', ['--strip-debug', join(tree.root, PROGRAMS, NAME)]);
  tree.copy(sidecar, `${PROGRAMS}/fanlight-ffmpeg`, 0o755);
  symlinkSync(`../lib/${NAME}/${NAME}`, tree.at(`usr/bin/${NAME}`));
  const copyright = readFileSync(inRoot('src-tauri/linux/copyright'), 'utf8');
  tree.write(`${DOC}/copyright`, copyrightOf(copyright));
  tree.copy(inRoot('src-tauri/licenses/GPL-3.0.txt'), `${DOC}/GPL-3.0.txt`);
  tree.write(`${DOC}/FFMPEG-SOURCE.txt`, sourceOffer(build, maker, asked));
  tree.write(`${DOC}/THIRD-PARTY.txt`, notices(hostTriple(), NAME));
}
