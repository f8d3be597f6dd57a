// `npm run package`: installers for this system, with the licences and notices they have to carry.
//   --bundles deb,rpm   which; those that need no further tools unless told otherwise
//   --debug             from the debug build, for trials of the packaging
//   --quick             a release build without link-time optimisation, for CI
// Tauri's release action calls it as if it were the `tauri` command, with `build` before the options.

import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { endChildrenOnSignal } from './lib/exec.mjs';
import { bundleConfig, writeNotices } from './lib/packaging.mjs';
import { EXE, ROOT, TARGET } from './lib/paths.mjs';
import { buildDesktop, buildReleaseDesktop } from './lib/rust.mjs';
import { FOR_DESKTOP, setUp } from './lib/setup.mjs';
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

await main(async () => {
  endChildrenOnSignal();
  const { bundles, debug, quick } = options();
  heading('Fanlight, packaged');
  await setUp(FOR_DESKTOP);
  await step('Collecting licences and notices', async () => writeNotices());
  await (debug ? buildDesktop() : buildReleaseDesktop({ quick }));

  const folder = join(TARGET, debug ? 'debug' : 'release');
  // What an earlier run left would pass for the result of this one.
  rmSync(join(folder, 'bundle'), { recursive: true, force: true });
  await step(`Packaging ${bundles}`, (one) => {
    const config = JSON.stringify(bundleConfig(join(folder, `fanlight${EXE}`)));
    const args = ['tauri', 'bundle', '--bundles', bundles, '--config', config];
    return one.exec('npx', debug ? [...args, '--debug'] : args, { cwd: ROOT });
  });
  const packages = made(join(folder, 'bundle'));
  if (packages.length === 0) throw new Trouble('The bundler made nothing.');
  for (const path of packages) {
    note(`${relative(ROOT, path)}  ${(statSync(path).size / 1e6).toFixed(1)} MB`);
  }
});
