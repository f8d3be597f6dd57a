// The notices of what is compiled into Fanlight: Rust crates and npm packages, with the licence
// texts they ask to be passed on. Finds and puts together; package.mjs writes it.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from './exec.mjs';
import { inRoot } from './paths.mjs';
import { Trouble } from './steps.mjs';

const TEXT = /^(licen[cs]e|copying|notice|unlicense|copyright|authors)([-._].*)?$/i;
/** Source and data that happen to be called like a licence. */
const NO_TEXT = /\.(rs|js|mjs|cjs|ts|json|toml|py|html|spdx|c|h)$/i;
/** Vendored C libraries have their licence one folder down, or two. */
const DEPTH = 2;
const SKIPPED = new Set(['node_modules', 'target', 'tests', 'test', 'benches', 'examples', 'src']);

/** Files with licence texts in a package's folder, relative to it. */
export function licenceFiles(folder, depth = DEPTH) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth > 0 && !SKIPPED.has(entry.name) && !entry.name.startsWith('.'))
        found.push(...licenceFiles(path, depth - 1).map((file) => join(entry.name, file)));
    } else if (TEXT.test(entry.name) && !NO_TEXT.test(entry.name)) found.push(entry.name);
  }
  return found.sort();
}

/** Packages of the graph that end up in the binary, from `root` on: neither tests nor build tools. */
export function compiledIn(metadata, rootName) {
  const byId = new Map(metadata.packages.map((one) => [one.id, one]));
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  const root = metadata.packages.find((one) => one.name === rootName);
  const reached = new Set();
  const waiting = [root.id];
  while (waiting.length > 0) {
    const id = waiting.pop();
    if (reached.has(id)) continue;
    reached.add(id);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
      if (kinds.some(({ kind }) => kind === null)) waiting.push(pkg);
    }
  }
  // Those without a source are our own.
  return [...reached].map((id) => byId.get(id)).filter((one) => one.source !== null);
}

function crates(triple, program) {
  const args = ['metadata', '--locked', '--format-version', '1', '--filter-platform', triple];
  const { ok, stdout, stderr } = capture('cargo', args);
  if (!ok) throw new Trouble(`cargo metadata does not run: ${stderr.trim()}`);
  return compiledIn(JSON.parse(stdout), program).map((one) => ({
    name: one.name,
    version: one.version,
    licence: one.license ?? 'see its text',
    page: one.repository ?? `https://crates.io/crates/${one.name}`,
    authors: one.authors,
    folder: dirname(one.manifest_path),
  }));
}

/** Where npm put a dependency of the package at `from`: its own folder, else the next one up. */
function lockedAt(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const path = at ? `${at}/node_modules/${name}` : `node_modules/${name}`;
    if (packages[path]) return path;
    if (at === '') return null;
  }
}

/** What the UI is bundled from: its dependencies and theirs, as paths in package-lock.json. */
export function bundledFrom(lock, workspace) {
  const { packages } = lock;
  const reached = new Set();
  const waiting = [workspace];
  while (waiting.length > 0) {
    const at = waiting.pop();
    if (reached.has(at)) continue;
    reached.add(at);
    const one = packages[at].link ? packages[packages[at].resolved] : packages[at];
    const wanted = { ...one.dependencies, ...one.peerDependencies };
    for (const name of Object.keys(wanted)) {
      const path = lockedAt(packages, at, name);
      if (path) waiting.push(path);
    }
  }
  // Links lead to workspaces, which are our own. Types are not in any bundle.
  return [...reached].filter(
    (path) => path !== workspace && !packages[path].link && !path.includes('/@types/'),
  );
}

function npmPackages() {
  const lock = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'));
  return bundledFrom(lock, 'ui')
    .filter((path) => existsSync(inRoot(path)))
    .map((path) => {
      const one = JSON.parse(readFileSync(inRoot(path, 'package.json'), 'utf8'));
      return {
        name: one.name,
        version: one.version,
        licence: one.license ?? 'see its text',
        page: `https://www.npmjs.com/package/${one.name}`,
        authors: [typeof one.author === 'string' ? one.author : one.author?.name].filter(Boolean),
        folder: inRoot(path),
      };
    });
}

const byName = (a, b) => a.name.localeCompare(b.name, 'en') || (a.version < b.version ? -1 : 1);

/**
 * The notices as one text: a list of the packages, then each licence text once, under the packages
 * that carry it. Packages without a text of their own are named with their authors.
 */
export function noticesOf(packages) {
  const texts = new Map();
  const lines = [];
  for (const one of [...packages].sort(byName)) {
    const label = `${one.name} ${one.version}`;
    const files = licenceFiles(one.folder);
    lines.push(`${label}\n  ${one.licence}; ${one.page}`);
    if (files.length === 0 && one.authors.length > 0) lines.push(`  by ${one.authors.join(', ')}`);
    for (const file of files) {
      const text = readFileSync(join(one.folder, file), 'utf8').trim();
      // Copies differ in their line ends and indents only.
      const same = text.replace(/\s+/g, ' ');
      const known = texts.get(same) ?? { text: text.replace(/\r\n?/g, '\n'), of: new Set() };
      known.of.add(label);
      texts.set(same, known);
    }
  }
  const rule = '='.repeat(100);
  const blocks = [...texts.values()].map(
    ({ text, of }) => `${rule}\n${[...of].join(', ')}\n${rule}\n\n${text}\n`,
  );
  return { list: lines.join('\n'), texts: blocks.join('\n') };
}

/** The notices of everything that is in a program for this platform: one of our crates, by name. */
export function notices(triple, program) {
  const rust = noticesOf(crates(triple, program));
  const web = noticesOf(npmPackages());
  return `Fanlight itself is under the MIT licence. These are the packages of other people that are part of
it, and the licence texts that come with them. FFmpeg is no part of it: see FFMPEG-SOURCE.txt.

Rust crates (and the standard library of Rust, MIT OR Apache-2.0, https://www.rust-lang.org)

${rust.list}

npm packages

${web.list}

${rust.texts}
${web.texts}`;
}
