// Where things are in this repository. Every other script takes its paths from here.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const CACHE = join(ROOT, '.cache');
export const LOGS = join(CACHE, 'logs');
export const STAMPS = join(CACHE, 'stamps');

export const EXE = process.platform === 'win32' ? '.exe' : '';
export const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');

/** A path inside the repository. */
export const inRoot = (...parts) => join(ROOT, ...parts);
