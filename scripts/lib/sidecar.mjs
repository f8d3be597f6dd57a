// The FFmpeg sidecar: fetched once, pinned by hash, put where the desktop bundle looks for it.
// Where it is run from there is the business of the Rust code.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { capture, which } from './exec.mjs';
import { CACHE, EXE, inRoot } from './paths.mjs';
import { requirePip } from './python.mjs';
import { isFresh, remember } from './stamp.mjs';
import { note, StepFailed, step, Trouble } from './steps.mjs';
import { hostTriple } from './toolchain.mjs';

const FOLDER = inRoot('src-tauri/binaries');
const REQUIREMENTS = inRoot('scripts/lib/ffmpeg.requirements.txt');
const OLDEST_FFMPEG = 6;

/** The first line of `ffmpeg -version`, shortened to the version, or null when it does not run. */
function versionOf(path) {
  const { ok, stdout } = capture(path, ['-version']);
  return ok ? (/^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? null) : null;
}

/** The major number of 7.1.1, n9.0.2-17-g2a571b6068 or 8:5.1.9-0+deb12u1; null for a nightly. */
export function majorOf(version) {
  const match = /^n?(?:\d+:)?(\d+)\./.exec(version ?? '');
  return match ? Number(match[1]) : null;
}

async function fetchWheel(one, binary) {
  const python = requirePip();
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, 'sidecar-'));
  try {
    const pip = ['-m', 'pip', 'download', '--disable-pip-version-check', '--progress-bar=off'];
    const only = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--dest', scratch];
    await one.exec(python, [...pip, ...only, '-r', REQUIREMENTS]);
    const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'));
    const unpacked = join(scratch, 'wheel');
    await one.exec(python, ['-m', 'zipfile', '-e', join(scratch, wheel), unpacked]);
    const inside = join(unpacked, 'imageio_ffmpeg', 'binaries');
    const name = readdirSync(inside).find((file) => file.startsWith('ffmpeg-'));
    copyFileSync(join(inside, name), binary);
    chmodSync(binary, 0o755);
    const info = readdirSync(unpacked).find((file) => file.endsWith('.dist-info'));
    copyFileSync(join(unpacked, info, 'licenses', 'LICENSE'), join(FOLDER, 'WHEEL-LICENSE.txt'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** FFmpeg's own words on its licence, as this build prints them. */
function saveLicence(binary) {
  const { stdout } = capture(binary, ['-hide_banner', '-L']);
  writeFileSync(join(FOLDER, 'FFMPEG-LICENSE.txt'), stdout);
}

function takeSystemFfmpeg(binary) {
  const path = which('ffmpeg');
  const version = path && versionOf(path);
  const major = majorOf(version);
  if (!version || (major !== null && major < OLDEST_FFMPEG)) return null;
  if (process.platform === 'win32') copyFileSync(path, binary);
  else symlinkSync(path, binary);
  return { path, version };
}

/** Returns the path of the sidecar, fetching it when it is not there. */
export async function sidecar() {
  const binary = join(FOLDER, `fanlight-ffmpeg-${hostTriple()}${EXE}`);
  const pin = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  const fingerprint = () => `${pin} ${statSync(binary).size} ${statSync(binary).mtimeMs}`;
  if (existsSync(binary) && isFresh('sidecar', fingerprint())) return binary;

  mkdirSync(FOLDER, { recursive: true });
  rmSync(binary, { force: true });
  try {
    await step('Fetching FFmpeg', async (one) => {
      await fetchWheel(one, binary);
      const version = versionOf(binary);
      if (!version) throw new StepFailed('the fetched FFmpeg does not run on this machine', one);
      saveLicence(binary);
      return version;
    });
  } catch (error) {
    if (!(error instanceof StepFailed || error instanceof Trouble)) throw error;
    rmSync(binary, { force: true });
    const system = takeSystemFfmpeg(binary);
    if (!system) {
      throw new Trouble(
        `FFmpeg could not be fetched (${error.message}), and no FFmpeg ${OLDEST_FFMPEG} or newer is on PATH.\n` +
          `Mend the download, or install FFmpeg ${OLDEST_FFMPEG} or newer and run this again.`,
      );
    }
    note(
      `Using ${system.path} (FFmpeg ${system.version}) instead: the pinned one could not be fetched.`,
    );
  }
  remember('sidecar', fingerprint());
  return binary;
}
