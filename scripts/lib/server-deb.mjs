// The server's Debian package: what lies where in it, and its control files. dpkg-deb puts it
// together; package.mjs builds the server before.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { capture } from './exec.mjs';
import { sourceOffer } from './ffmpeg-offer.mjs';
import { notices } from './notices.mjs';
import {
  debianChangelog,
  libcOf,
  NOBODY,
  packagedAt,
  publisher,
  shippable,
  version,
} from './packaging.mjs';
import { inRoot } from './paths.mjs';
import { Trouble } from './steps.mjs';
import { hostTriple } from './toolchain.mjs';

const NAME = 'fanlight-server';
/** The program and its FFmpeg, which is found beside it; the desktop package has its own. */
const PROGRAMS = `usr/lib/${NAME}`;
const DOC = `usr/share/doc/${NAME}`;
const CONFFILES = ['etc/fanlight/fanlight.toml'];
const SCRIPTS = ['postinst', 'prerm', 'postrm'];

const fromDeploy = (...parts) => inRoot('deploy', ...parts);

/** Every file below a folder, relative to it, in order. */
export function filesBelow(folder, base = folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path, base);
      return entry.isFile() ? [relative(base, path)] : [];
    })
    .sort();
}

/** The fields of the package; `kilobytes` is what it takes when it is installed. */
export function control({ number, architecture, maintainer, glibc, kilobytes }) {
  return `Package: ${NAME}
Version: ${number}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${kilobytes}
Depends: libc6 (>= ${glibc}), adduser, init-system-helpers (>= 1.54)
Recommends: ca-certificates
Section: video
Priority: optional
Description: opens one connection to each camera and fans it out
 Fanlight connects once to each camera and shares its stream, encoded or
 decoded, with any number of scripts, web pages and players. This is the
 server without a window, as a service, with its web pages and the FFmpeg
 it uses.
`;
}

/** The copyright file of the desktop package, with this one's paths. */
export const copyrightOf = (desktop) =>
  desktop
    .replaceAll('usr/bin/fanlight-ffmpeg', `${PROGRAMS}/fanlight-ffmpeg`)
    .replaceAll('/usr/share/doc/fanlight/', `/${DOC}/`);

/** Lays out the package's files under `tree`. */
function layOut(tree, program) {
  const triple = hostTriple();
  const sidecar = inRoot(`src-tauri/binaries/fanlight-ffmpeg-${triple}`);
  const { build, maker } = shippable(sidecar);
  const by = publisher();
  const asked = by === NOBODY ? 'the Fanlight authors, where you got this copy.' : by;
  const place = (path, mode = 0o644) => {
    const full = join(tree, path);
    mkdirSync(dirname(full), { recursive: true, mode: 0o755 });
    return { full, mode };
  };
  const write = (path, content, mode) => {
    const to = place(path, mode);
    writeFileSync(to.full, content);
    chmodSync(to.full, to.mode);
  };
  const copy = (from, path, mode) => {
    const to = place(path, mode);
    copyFileSync(from, to.full);
    chmodSync(to.full, to.mode);
  };
  const zipped = (content) => gzipSync(content, { level: 9 });

  copy(program, `${PROGRAMS}/${NAME}`, 0o755);
  // Debug information is of no use to those who install it, and most of a debug build.
  capture('strip', ['--strip-debug', join(tree, PROGRAMS, NAME)]);
  copy(sidecar, `${PROGRAMS}/fanlight-ffmpeg`, 0o755);
  symlinkSync(`../lib/${NAME}/${NAME}`, place(`usr/bin/${NAME}`).full);
  for (const unit of ['service', 'socket'])
    copy(fromDeploy('systemd', `${NAME}.${unit}`), `usr/lib/systemd/system/${NAME}.${unit}`);
  copy(fromDeploy('deb', 'fanlight.toml'), CONFFILES[0]);
  write(
    `usr/share/man/man8/${NAME}.8.gz`,
    zipped(readFileSync(fromDeploy('deb', `${NAME}.8`), 'utf8')),
  );
  copy(fromDeploy('deb', 'lintian-overrides'), `usr/share/lintian/overrides/${NAME}`);
  write(`${DOC}/copyright`, copyrightOf(readFileSync(inRoot('src-tauri/linux/copyright'), 'utf8')));
  const changes = readFileSync(inRoot('CHANGELOG.md'), 'utf8');
  const changelog = debianChangelog(changes, version(), by, packagedAt(), NAME);
  write(`${DOC}/changelog.gz`, zipped(changelog));
  copy(inRoot('src-tauri/licenses/GPL-3.0.txt'), `${DOC}/GPL-3.0.txt`);
  write(`${DOC}/FFMPEG-SOURCE.txt`, sourceOffer(build, maker, asked));
  write(`${DOC}/THIRD-PARTY.txt`, notices(triple, NAME));
  return libcOf([program, sidecar]);
}

/** Packages the built server at `program` into `folder`; the path of the package. */
export async function packageServer(one, program, folder) {
  const tree = join(folder, 'tree');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true, mode: 0o755 });
  const glibc = layOut(tree, program);
  const { ok, stdout } = capture('dpkg', ['--print-architecture']);
  if (!ok) throw new Trouble('The server is packaged with dpkg-deb, which this system lacks.');
  const architecture = stdout.trim();
  const files = filesBelow(tree);
  const bytes = files.reduce((sum, file) => sum + statSync(join(tree, file)).size, 0);
  const fields = {
    number: version(),
    architecture,
    maintainer: publisher(),
    glibc,
    kilobytes: Math.ceil(bytes / 1024),
  };
  const sums = files
    .filter((file) => !CONFFILES.includes(file))
    .map((file) => {
      const sum = createHash('md5')
        .update(readFileSync(join(tree, file)))
        .digest('hex');
      return `${sum}  ${file}\n`;
    });
  const debian = join(tree, 'DEBIAN');
  mkdirSync(debian, { mode: 0o755 });
  writeFileSync(join(debian, 'control'), control(fields));
  writeFileSync(join(debian, 'conffiles'), CONFFILES.map((file) => `/${file}\n`).join(''));
  writeFileSync(join(debian, 'md5sums'), sums.join(''));
  for (const script of SCRIPTS) {
    copyFileSync(fromDeploy('deb', script), join(debian, script));
    chmodSync(join(debian, script), 0o755);
  }
  const path = join(folder, `${NAME}_${fields.number}_${architecture}.deb`);
  await one.exec('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', tree, path], {
    env: { SOURCE_DATE_EPOCH: String(packagedAt()) },
  });
  rmSync(tree, { recursive: true, force: true });
  return path;
}
