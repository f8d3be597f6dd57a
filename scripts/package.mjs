// `npm run package`: installers for this system, with the licences and notices they have to carry.
//   --bundles deb,rpm   which; those that need no further tools unless told otherwise
//   --debug             from the debug build, for trials of the packaging
//   --quick             a release build without link-time optimisation, for CI
//   --server            the server's Debian package instead, for machines without a screen
// Tauri's release action calls it as if it were the `tauri` command, with `build` before the options.

import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { endChildrenOnSignal } from './lib/exec.mjs';
import { bundleConfig, writeNotices } from './lib/packaging.mjs';
import { EXE, ROOT, TARGET } from './lib/paths.mjs';
import { buildDesktop, buildReleaseDesktop, buildReleaseServer, buildServer } from './lib/rust.mjs';
import { packageServer } from './lib/server-deb.mjs';
import { FOR_DESKTOP, FOR_SERVER, setUp } from './lib/setup.mjs';
import { heading, main, note, step, Trouble } from './lib/steps.mjs';

/** AppImage is left out here: its tools are downloaded while it is made. */
const USUAL = { linux: 'deb,rpm', darwin: 'dmg', win32: 'nsis' };

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      bundles: { type: 'string', default: USUAL[process.platform] },
      debug: { type: 'boolean' },
      quick: { type: 'boolean' },
      server: { type: 'boolean' },
    },
  });
  if (positionals.length > 1 || (positionals[0] ?? 'build') !== 'build') {
    throw new Trouble(`npm run package does not know ${positionals.join(' ')}.`);
  }
  return values;
}

const PACKAGE = /\.(deb|rpm|AppImage|dmg|msi|exe|sig)$/;

/** The packages in the bundler's folder, which also holds what it made them from. */
function made(folder) {
  const kinds = existsSync(folder) ? readdirSync(folder) : [];
  return kinds.flatMap((kind) =>
    readdirSync(join(folder, kind))
      .filter((name) => PACKAGE.test(name))
      .map((name) => join(folder, kind, name)),
  );
}

/** Which file is how large. */
const tell = (path) =>
  note(`${relative(ROOT, path)}  ${(statSync(path).size / 1e6).toFixed(1)} MB`);

const bundles = (debug) => join(TARGET, debug ? 'debug' : 'release', 'bundle');

async function packageForServers({ debug, quick }) {
  heading('Fanlight for servers, packaged');
  await setUp(FOR_SERVER);
  await (debug ? buildServer() : buildReleaseServer({ quick }));
  const program = join(TARGET, debug ? 'debug' : 'release', 'fanlight-server');
  let path;
  await step('Packaging the server', async (one) => {
    path = await packageServer(one, program, join(bundles(debug), 'server'));
  });
  tell(path);
}

async function packageForDesktops({ bundles: kinds, debug, quick }) {
  heading('Fanlight, packaged');
  await setUp(FOR_DESKTOP);
  await step('Collecting licences and notices', async () => writeNotices());
  await (debug ? buildDesktop() : buildReleaseDesktop({ quick }));

  // What an earlier run left would pass for the result of this one.
  rmSync(bundles(debug), { recursive: true, force: true });
  await step(`Packaging ${kinds}`, (one) => {
    const program = join(TARGET, debug ? 'debug' : 'release', `fanlight${EXE}`);
    const args = ['tauri', 'bundle', '--bundles', kinds, '--config'];
    args.push(JSON.stringify(bundleConfig(program)));
    return one.exec('npx', debug ? [...args, '--debug'] : args, { cwd: ROOT });
  });
  const packages = made(bundles(debug));
  if (packages.length === 0) throw new Trouble('The bundler made nothing.');
  for (const path of packages) tell(path);
}

await main(async () => {
  endChildrenOnSignal();
  const asked = options();
  await (asked.server ? packageForServers(asked) : packageForDesktops(asked));
});
