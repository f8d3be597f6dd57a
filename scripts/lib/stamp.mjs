// Remembers what a result was made from, so that a second run costs milliseconds.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, STAMPS } from './paths.mjs';

/** Made by builds, so never an input of one. */
const PRODUCTS = new Set(['node_modules', 'dist', '__pycache__', 'coverage']);

function* filesUnder(path) {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) {
    yield path;
    return;
  }
  for (const entry of readdirSync(path).sort()) {
    if (!PRODUCTS.has(entry) && !entry.endsWith('.egg-info')) yield* filesUnder(join(path, entry));
  }
}

/** One hash over the names and contents of files and folders, given relative to the repository. */
export function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of filesUnder(join(ROOT, path))) {
      hash
        .update(`${file.slice(ROOT.length)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/** Was `name` last finished with exactly this content? */
export function isFresh(name, content) {
  const file = join(STAMPS, name);
  return existsSync(file) && readFileSync(file, 'utf8') === content;
}

/** `name` is finished with this content. */
export function remember(name, content) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), content);
}
