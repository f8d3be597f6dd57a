// `npm run bench`: builds the server as it is shipped and runs the side-by-side benchmark.
// Arguments after `--` go to bench/run.py.

import { endChildrenOnSignal, foreground } from './lib/exec.mjs';
import { inRoot } from './lib/paths.mjs';
import { VENV_PYTHON, venvPackages } from './lib/python.mjs';
import { buildReleaseServer, RELEASE_SERVER } from './lib/rust.mjs';
import { FOR_SERVER, setUp } from './lib/setup.mjs';
import { heading, main } from './lib/steps.mjs';

await main(async () => {
  endChildrenOnSignal();
  heading('Fanlight benchmark');
  await setUp([...FOR_SERVER, 'test', 'venv']);
  await venvPackages('bench/requirements.txt');
  await buildReleaseServer();
  const args = [inRoot('bench/run.py'), ...process.argv.slice(2)];
  return foreground(VENV_PYTHON, args, { FANLIGHT_SERVER: RELEASE_SERVER });
});
