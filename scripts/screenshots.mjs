// `npm run screenshots`: pictures of every page into docs/ui, by tests/browser/screenshots.py, whose
// options can follow after `--`.

import { endChildrenOnSignal, foreground } from './lib/exec.mjs';
import { inRoot } from './lib/paths.mjs';
import { VENV_PYTHON } from './lib/python.mjs';
import { buildServer, SERVER } from './lib/rust.mjs';
import { FOR_SERVER, setUp } from './lib/setup.mjs';
import { main } from './lib/steps.mjs';

await main(async () => {
  endChildrenOnSignal();
  await setUp([...FOR_SERVER, 'test', 'venv']);
  await buildServer();
  return foreground(VENV_PYTHON, ['-m', 'browser.screenshots', ...process.argv.slice(2)], {
    FANLIGHT_SERVER: SERVER,
    PYTHONPATH: inRoot('tests'),
  });
});
