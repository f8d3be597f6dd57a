// The Python that runs pip and the tests, and the virtual environment in .cache/venv.

import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { capture, which } from './exec.mjs';
import { CACHE, inRoot } from './paths.mjs';
import { hashOf, isFresh, remember } from './stamp.mjs';
import { step, Trouble } from './steps.mjs';

export const VENV = join(CACHE, 'venv');
const WINDOWS = process.platform === 'win32';
const bin = (name) => join(VENV, WINDOWS ? 'Scripts' : 'bin', WINDOWS ? `${name}.exe` : name);
export const VENV_PYTHON = bin('python');

/** The FFmpeg wheel asks for 3.10, numpy of the tests for 3.11. */
const OLDEST_FOR_PIP = [3, 10];
const OLDEST_FOR_TESTS = [3, 11];

function isNewEnough(python, oldest) {
  const { ok, stdout } = capture(python, ['-c', 'import sys; print(*sys.version_info[:2])']);
  const [major, minor] = stdout.trim().split(' ').map(Number);
  return ok && (major > oldest[0] || (major === oldest[0] && minor >= oldest[1]));
}

/** A Python at least that old that has the modules, or null. */
function find(modules, oldest) {
  const there = ['python3', 'python', '/usr/bin/python3'].filter((name) => which(name));
  const fits = (python) =>
    isNewEnough(python, oldest) && capture(python, ['-c', `import ${modules}`]).ok;
  return there.find(fits) ?? null;
}

function require(modules, oldest, debianPackage) {
  const found = find(modules, oldest);
  if (found) return found;
  throw new Trouble(
    `Fanlight needs Python ${oldest.join('.')} or newer with its ${modules} module, and found none.\n` +
      `Debian and Ubuntu: apt-get install python3 ${debianPackage}. Elsewhere: https://www.python.org/downloads/`,
  );
}

export const hasPip = () => find('pip', OLDEST_FOR_PIP) !== null;

/** A Python whose pip can fetch the sidecar. */
export const requirePip = () => require('pip', OLDEST_FOR_PIP, 'python3-pip');

/** The environment that Python tests and benchmarks run in; made again when its inputs change. */
export async function venv() {
  const inputs = ['tests/requirements.txt', 'clients/python/pyproject.toml'];
  const wanted = hashOf(inputs);
  if (existsSync(VENV_PYTHON) && isFresh('venv', wanted)) return;
  // It is made anew by emptying it, and what is behind a link belongs to another checkout.
  if (lstatSync(VENV, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new Trouble(
      `${VENV} is a link, and what it leads to does not fit this checkout.\n` +
        'Delete the link and run this again: an environment of its own takes its place.',
    );
  }
  const python = require('venv, ensurepip', OLDEST_FOR_TESTS, 'python3-venv');
  await step('Preparing the Python environment', async (one) => {
    await one.exec(python, ['-m', 'venv', '--clear', VENV]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await one.exec(VENV_PYTHON, [...pip, '-r', inRoot('tests/requirements.txt')]);
    await one.exec(VENV_PYTHON, [...pip, '-e', inRoot('clients/python')]);
    remember('venv', wanted);
  });
}

/** Adds a requirements file's packages to the environment; does next to nothing when they are there. */
export async function venvPackages(requirements) {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await step(`Installing ${requirements}`, (one) =>
    one.exec(VENV_PYTHON, [...pip, '-r', inRoot(requirements)]),
  );
}
