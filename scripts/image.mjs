// What the container image is made of; deploy/container/Dockerfile calls this while it is built.
//   node scripts/image.mjs ffmpeg            fetches the pinned FFmpeg, and no other
//   node scripts/image.mjs python-client     packs the Python client, which the server gives out
//   node scripts/image.mjs files FOLDER      lays out the server built for release, with its FFmpeg and licences

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pythonClient } from './lib/clients.mjs';
import { endChildrenOnSignal } from './lib/exec.mjs';
import { shippable } from './lib/packaging.mjs';
import { RELEASE_SERVER } from './lib/rust.mjs';
import { putServer, Tree } from './lib/server-tree.mjs';
import { sidecar } from './lib/sidecar.mjs';
import { main, Trouble } from './lib/steps.mjs';

await main(async () => {
  endChildrenOnSignal();
  const { positionals } = parseArgs({ allowPositionals: true });
  const [what, folder] = positionals;
  if (what === 'ffmpeg') shippable(await sidecar());
  else if (what === 'python-client') await pythonClient();
  else if (what === 'files' && folder) putServer(new Tree(join(folder)), RELEASE_SERVER);
  else throw new Trouble('Say `ffmpeg`, `python-client`, or `files` and a folder.');
});
