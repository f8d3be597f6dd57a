// The server's Debian package: what it has beside the server's files, and its control files. dpkg-deb
// puts it together; package.mjs builds the server before.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { capture } from './exec.mjs';
import { debianChangelog, libcOf, packagedAt, publisher, version } from './packaging.mjs';
import { inRoot } from './paths.mjs';
import { DOC, NAME, putServer, sidecarHere, Tree } from './server-tree.mjs';
import { Trouble } from './steps.mjs';

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

/** Lays out the package's files under `folder`; the glibc that they want. */
function layOut(folder, program) {
  const tree = new Tree(folder);
  const zipped = (content) => gzipSync(content, { level: 9 });
  putServer(tree, program);
  for (const unit of ['service', 'socket'])
    tree.copy(fromDeploy('systemd', `${NAME}.${unit}`), `usr/lib/systemd/system/${NAME}.${unit}`);
  tree.copy(fromDeploy('deb', 'fanlight.toml'), CONFFILES[0]);
  tree.write(
    `usr/share/man/man8/${NAME}.8.gz`,
    zipped(readFileSync(fromDeploy('deb', `${NAME}.8`), 'utf8')),
  );
  tree.copy(fromDeploy('deb', 'lintian-overrides'), `usr/share/lintian/overrides/${NAME}`);
  const changes = readFileSync(inRoot('CHANGELOG.md'), 'utf8');
  const changelog = debianChangelog(changes, version(), publisher(), packagedAt(), NAME);
  tree.write(`${DOC}/changelog.gz`, zipped(changelog));
  return libcOf([program, sidecarHere()]);
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
