// The client libraries as packages in clients/dist, which the programs carry and give out.

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './paths.mjs';
import { requirePip } from './python.mjs';
import { hashOf, isFresh, remember } from './stamp.mjs';
import { step } from './steps.mjs';

const FOLDER = inRoot('clients/dist');
const PYTHON = ['src', 'pyproject.toml', 'README.md', 'LICENSE'].map(
  (name) => `clients/python/${name}`,
);
const JAVASCRIPT = [
  'src',
  'build.mjs',
  'package.json',
  'README.md',
  'tsconfig.json',
  'tsconfig.build.json',
].map((name) => `clients/js/${name}`);

const packages = (suffix) => {
  mkdirSync(FOLDER, { recursive: true });
  return readdirSync(FOLDER).filter((name) => name.endsWith(suffix));
};

/** Packs one library anew when its sources changed; only the newest is left. */
async function pack(name, suffix, inputs, make) {
  const wanted = hashOf(inputs);
  if (packages(suffix).length === 1 && isFresh(`${name} client`, wanted)) return;
  for (const former of packages(suffix)) rmSync(join(FOLDER, former));
  await step(`Packing the ${name} client`, make);
  remember(`${name} client`, wanted);
}

export const pythonClient = () =>
  pack('Python', '.whl', PYTHON, (one) => {
    const pip = ['-m', 'pip', 'wheel', '--quiet', '--disable-pip-version-check', '--no-deps'];
    return one.exec(requirePip(), [...pip, '--wheel-dir', FOLDER, inRoot('clients/python')]);
  });

export const jsClient = () =>
  pack('JavaScript', '.tgz', JAVASCRIPT, (one) =>
    one.exec('npm', ['pack', '-w', 'clients/js', '--pack-destination', FOLDER]),
  );
