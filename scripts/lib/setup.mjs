// Everything that has to be there before something is built or run, in the order in which it is
// needed. Each line does nothing when its work is done.

import { jsClient, pythonClient } from './clients.mjs';
import { DEBIAN } from './packages.mjs';
import { venv } from './python.mjs';
import { sidecar } from './sidecar.mjs';
import { system } from './system.mjs';
import { requireNode, requireRust } from './toolchain.mjs';
import { npmPackages, ui } from './web.mjs';

/** What the desktop app and the headless server are built from. */
export const FOR_SERVER = ['server', 'sidecar', 'npm', 'ui', 'clients'];
export const FOR_DESKTOP = [...FOR_SERVER, 'desktop'];

/**
 * Sets up `needs`: purposes of packages.mjs, and any of sidecar, npm, ui, clients and venv. Programs started
 * afterwards find the sidecar through FANLIGHT_FFMPEG, unless whoever runs us chose an FFmpeg.
 */
export async function setUp(needs) {
  const wants = new Set(needs);
  requireNode();
  if (wants.has('server')) requireRust();
  await system(
    Object.keys(DEBIAN).filter((purpose) => wants.has(purpose)),
    wants.has('sidecar'),
  );
  if (wants.has('sidecar')) process.env.FANLIGHT_FFMPEG ??= await sidecar();
  if (wants.has('npm')) await npmPackages();
  if (wants.has('ui')) await ui();
  if (wants.has('clients')) {
    await pythonClient();
    await jsClient();
  }
  if (wants.has('venv')) await venv();
}
