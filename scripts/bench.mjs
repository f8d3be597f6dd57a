// `npm run bench`: builds the programs as they are shipped and runs the side-by-side benchmark.
// Arguments after `--` go to bench/run.py.

import { endChildrenOnSignal, foreground } from './lib/exec.mjs';
import { inRoot } from './lib/paths.mjs';
import { VENV_PYTHON, venvPackages } from './lib/python.mjs';
import {
  buildReleaseDesktop,
  buildReleaseServer,
  RELEASE_DESKTOP,
  RELEASE_SERVER,
  TAURI_DRIVER,
  tauriDriver,
} from './lib/rust.mjs';
import { FOR_DESKTOP, FOR_SERVER, setUp } from './lib/setup.mjs';
import { heading, main } from './lib/steps.mjs';

await main(async () => {
  endChildrenOnSignal();
  heading('Fanlight benchmark');
  const options = process.argv.slice(2);
  // Only the tiles have the window on a screen.
  const tiles = options.includes('--tiles');
  const needs = tiles ? [...FOR_DESKTOP, 'run', 'screen'] : FOR_SERVER;
  await setUp([...needs, 'test', 'venv']);
  await venvPackages('bench/requirements.txt');
  await buildReleaseServer();
  if (tiles) {
    await buildReleaseDesktop({ quick: false });
    await tauriDriver();
  }
  const built = { FANLIGHT_DESKTOP: RELEASE_DESKTOP, TAURI_DRIVER };
  return foreground(VENV_PYTHON, [inRoot('bench/run.py'), ...options], {
    FANLIGHT_SERVER: RELEASE_SERVER,
    ...(tiles && built),
  });
});
