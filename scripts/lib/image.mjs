// The container image, built without a registry: the Dockerfile as it is, on base images made here of
// Debian's packages and of this machine's Rust and Node, by buildah, which needs no daemon. For tests;
// images that people use are built on the Dockerfile's own base images.

import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { capture, which } from './exec.mjs';
import { CACHE, inRoot } from './paths.mjs';
import { PACKAGES, QUICK } from './rust.mjs';
import { note, step } from './steps.mjs';

const RELEASE = 'bookworm';
/** What the programs find in the base image that they run on: a libc, and the words and times of the world. */
const RUNTIME = ['base-files', 'libc6', 'libgcc-s1', 'ca-certificates', 'tzdata', 'netbase'];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** How builds on this machine are told its certificates, which may be more than Debian's. */
const TOLD = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'PIP_CERT'];

export const IMAGE = join(PACKAGES, 'container', 'fanlight-server.tar');

/** Why no image can be built here, or null. */
function hindrance() {
  if (process.platform !== 'linux' || process.getuid() !== 0) return 'that needs root on Linux';
  const missing = ['buildah', 'debootstrap', 'runc'].filter((command) => !which(command));
  return missing.length > 0 ? `${missing.join(', ')} not installed` : null;
}

/** A root with next to nothing in it, as the image's runtime base. */
async function runtimeRoot(one, folder) {
  const downloads = join(folder, 'runtime-packages');
  const root = join(folder, 'runtime');
  mkdirSync(downloads, { recursive: true });
  await one.exec('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', ...RUNTIME], {
    cwd: downloads,
  });
  for (const name of readdirSync(downloads))
    await one.exec('dpkg-deb', ['-x', join(downloads, name), root]);
  mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true });
  copyFileSync(CERTIFICATES, join(root, CERTIFICATES));
  writeFileSync(join(root, 'etc/passwd'), 'nonroot:x:65532:65532:nonroot:/nonexistent:/none\n');
  chmodSync(join(root, 'tmp'), 0o1777);
  return root;
}

/** A Debian with a compiler, as the bases of both stages that build. */
async function builderRoot(one, folder) {
  const root = join(folder, 'builder');
  const packages = '--include=ca-certificates,gcc,libc6-dev';
  await one.exec('debootstrap', ['--variant=minbase', packages, RELEASE, root]);
  if (existsSync(CERTIFICATES)) copyFileSync(CERTIFICATES, join(root, CERTIFICATES));
  return root;
}

/** This machine's Node, where Node's own image has it. */
function addNode(root) {
  const bin = join(root, 'usr/local/bin');
  const modules = join(root, 'usr/local/lib/node_modules');
  const npm = join(capture('npm', ['root', '-g']).stdout.trim(), 'npm');
  mkdirSync(modules, { recursive: true });
  copyFileSync(process.execPath, join(bin, 'node'));
  cpSync(npm, join(modules, 'npm'), { recursive: true, dereference: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(bin, 'npm'));
}

/** This machine's Rust without its documentation. */
function addRust(root) {
  const { stdout } = capture('rustc', ['--print', 'sysroot']);
  for (const part of ['bin', 'lib', 'libexec']) {
    const from = join(stdout.trim(), part);
    if (existsSync(from)) cpSync(from, join(root, 'opt/rust', part), { recursive: true });
  }
}

const environment = () => {
  const path = 'PATH=/opt/rust/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin';
  const told = TOLD.filter((name) => process.env[name]).map((name) => `${name}=${CERTIFICATES}`);
  return [path, ...told].flatMap((variable) => ['--env', variable]);
};

/** Builds the image into `IMAGE`, or says why not and leaves none. */
export async function buildImage() {
  rmSync(dirname(IMAGE), { recursive: true, force: true });
  const why = hindrance();
  if (why) return note(`No container image is built: ${why}.`);
  const folder = join(CACHE, 'image');
  rmSync(folder, { recursive: true, force: true });
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')];
  const buildah = [...storage, '--storage-driver', 'vfs'];
  const base = async (one, name, root, config = []) => {
    const from = ['from', '--name', name, 'scratch'];
    await one.exec('buildah', [...buildah, ...from]);
    await one.exec('buildah', [...buildah, 'add', '-q', name, root, '/']);
    if (config.length > 0) await one.exec('buildah', [...buildah, 'config', ...config, name]);
    await one.exec('buildah', [...buildah, 'commit', '-q', '--rm', name, `localhost/${name}`]);
  };
  try {
    await step('Making base images', async (one) => {
      await base(one, 'runtime', await runtimeRoot(one, folder));
      const builder = await builderRoot(one, folder);
      addNode(builder);
      await base(one, 'node', builder, environment());
      rmSync(join(builder, 'usr/local/bin/node'));
      addRust(builder);
      await base(one, 'rust', builder, environment());
      rmSync(builder, { recursive: true });
    });
    await step('Building the container image', async (one) => {
      const args = {
        NODE_IMAGE: 'localhost/node',
        RUST_IMAGE: 'localhost/rust',
        RUNTIME_IMAGE: 'localhost/runtime',
        ...QUICK,
      };
      const given = Object.entries(args).flatMap(([name, value]) => [
        '--build-arg',
        `${name}=${value}`,
      ]);
      const how = ['--isolation', 'chroot', '--format', 'docker', '--pull=false'];
      const what = ['-f', inRoot('deploy/container/Dockerfile'), '-t', 'localhost/fanlight-server'];
      await one.exec('buildah', [...buildah, 'bud', ...how, ...given, ...what, inRoot()]);
      mkdirSync(dirname(IMAGE), { recursive: true });
      const to = `docker-archive:${IMAGE}:localhost/fanlight-server:latest`;
      await one.exec('buildah', [...buildah, 'push', '-q', 'localhost/fanlight-server', to]);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
