// `npm start`: sets up what is missing, builds what changed, and opens the desktop app. Where there
// is no display, it serves without a window instead. Arguments after `--` go to the program.

import { endChildrenOnSignal, foreground } from './lib/exec.mjs';
import { buildDesktop, buildServer, DESKTOP, SERVER } from './lib/rust.mjs';
import { FOR_DESKTOP, FOR_SERVER, setUp } from './lib/setup.mjs';
import { heading, main, note } from './lib/steps.mjs';

const hasDisplay = () =>
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

await main(async () => {
  endChildrenOnSignal();
  const window = hasDisplay();
  heading('Fanlight');
  if (!window) note('There is no display here, so Fanlight serves without a window.');
  await setUp(window ? [...FOR_DESKTOP, 'run'] : FOR_SERVER);
  await (window ? buildDesktop() : buildServer());
  note(window ? 'Opening the window. Ctrl-C here ends it.' : 'Starting. Ctrl-C ends it.');
  return foreground(window ? DESKTOP : SERVER, process.argv.slice(2));
});
