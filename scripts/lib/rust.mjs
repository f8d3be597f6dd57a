// Builds of the Rust workspace, and where its programs end up.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './exec.mjs';
import { CACHE, EXE, TARGET } from './paths.mjs';
import { step } from './steps.mjs';

const TAURI_DRIVER_VERSION = '2.1.0';
const CARGO_FUZZ_VERSION = '0.13.2';

export const DESKTOP = join(TARGET, 'debug', `fanlight${EXE}`);
export const SERVER = join(TARGET, 'debug', `fanlight-server${EXE}`);
export const RELEASE_SERVER = join(TARGET, 'release', `fanlight-server${EXE}`);
export const RELEASE_DESKTOP = join(TARGET, 'release', `fanlight${EXE}`);
export const TAURI_DRIVER = join(CACHE, 'tools', 'bin', `tauri-driver${EXE}`);

export const CARGO_FUZZ = join(CACHE, 'tools', 'bin', `cargo-fuzz${EXE}`);

/** Without a sanitizer, which only nightly compilers have: safe Rust panics where C would not. */
export const FUZZING = ['--fuzz-dir', 'tests/fuzz', '--sanitizer', 'none'];
/** Lets a stable compiler instrument the code, which is all that fuzzing needs of a nightly one. */
export const FUZZ_ENV = { RUSTC_BOOTSTRAP: '1' };

/** The desktop app, with the built UI inside it instead of a development server. */
export const buildDesktop = () =>
  step('Building the desktop app', (one) =>
    one.exec('cargo', ['build', '--locked', '-p', 'fanlight-desktop']),
  );

/** The headless server. */
export const buildServer = () =>
  step('Building the headless server', (one) =>
    one.exec('cargo', ['build', '--locked', '-p', 'fanlight-server']),
  );

/**
 * The desktop app and the headless server for testing, together with the tests: libraries are the
 * same for all of them then, and are built once.
 */
export const buildPrograms = () =>
  step('Building the programs', (one) =>
    one.exec('cargo', ['build', '--locked', '--workspace', '--bins', '--tests']),
  );

/** Leaves out link-time optimisation, which takes longer than all the rest and is measured in per cents. */
export const QUICK = {
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
};

/** The headless server as it is shipped, `quick` or not. */
export const buildReleaseServer = ({ quick } = {}) =>
  step('Building the headless server for release', (one) =>
    one.exec('cargo', ['build', '--locked', '--release', '-p', 'fanlight-server'], {
      env: quick ? QUICK : {},
    }),
  );

/** The desktop app as it is shipped, `quick` or not. */
export const buildReleaseDesktop = ({ quick }) =>
  step('Building the desktop app for release', (one) =>
    one.exec('cargo', ['build', '--locked', '--release', '-p', 'fanlight-desktop'], {
      env: quick ? QUICK : {},
    }),
  );

/** Packages of the debug build: they hold what those of a release do, and take half a minute. */
export const PACKAGES = join(TARGET, 'debug', 'bundle');
export const buildPackages = () =>
  step('Making packages', async (one) => {
    await one.exec('npm', ['run', 'package', '--', '--debug']);
    await one.exec('npm', ['run', 'package', '--', '--debug', '--server']);
  });

/** Installs a cargo program among our tools, once. */
async function tool(name, version, program) {
  if (existsSync(program)) return;
  const from = [name, '--version', version, '--locked'];
  await step(`Building ${name}`, (one) =>
    one.exec('cargo', ['install', ...from, '--root', join(CACHE, 'tools')]),
  );
}

/** The WebDriver bridge of the desktop tests. */
export const tauriDriver = () => tool('tauri-driver', TAURI_DRIVER_VERSION, TAURI_DRIVER);

/** The driver of the fuzz targets, and these. */
export async function buildFuzzTargets() {
  await tool('cargo-fuzz', CARGO_FUZZ_VERSION, CARGO_FUZZ);
  await step('Building the fuzz targets', (one) =>
    one.exec(CARGO_FUZZ, ['build', ...FUZZING], { env: FUZZ_ENV }),
  );
}

/** Is this cargo subcommand installed? */
export const hasCargo = (subcommand) => capture('cargo', [subcommand, '--version']).ok;
