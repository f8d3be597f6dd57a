// The JavaScript side: npm packages and the built UI.

import { existsSync, statSync } from 'node:fs';
import { inRoot } from './paths.mjs';
import { hashOf, isFresh, remember } from './stamp.mjs';
import { step } from './steps.mjs';

/** Tests are no part of the build: changing one must not make a new binary. */
const UI_INPUTS = [
  'ui/index.html',
  'ui/package.json',
  'ui/public',
  'ui/src',
  'ui/tsconfig.json',
  'ui/vite.config.ts',
  'clients/js/src',
  'package-lock.json',
];

const changedAt = (path) => (existsSync(inRoot(path)) ? statSync(inRoot(path)).mtimeMs : 0);

/** Installs the npm packages when the lock file is newer than what is installed. */
export async function npmPackages() {
  // npm writes this file last, so an interrupted install is done again.
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return;
  await step('Installing npm packages', (one) =>
    one.exec('npm', ['ci', '--no-audit', '--no-fund']),
  );
}

/** Builds the UI when its sources changed since the last build. */
export async function ui() {
  const wanted = hashOf(UI_INPUTS);
  if (existsSync(inRoot('ui/dist/index.html')) && isFresh('ui', wanted)) return;
  await step('Building the UI', (one) => one.exec('npm', ['run', 'build', '-w', 'ui']));
  remember('ui', wanted);
}
