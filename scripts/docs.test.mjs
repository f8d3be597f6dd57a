// Keeps the documents true: each command, path, option, environment variable and route they name
// exists in the code.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { inRoot, ROOT } from './lib/paths.mjs';

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docs/API.md',
  'docs/ARCHITECTURE.md',
  'docs/CLUSTER.md',
  'docs/DEPLOYMENT.md',
  'docs/PACKAGING.md',
];
const CODE = ['crates', 'src-tauri', 'ui/src', 'clients', 'scripts/lib', 'tests', 'bench'];
const SOURCE = /\.(rs|ts|tsx|mjs|js|py|toml|json)$/;
/** Folders that a build makes: a clean checkout does not have them. */
const MADE = ['target', '.cache', 'node_modules', 'dist', 'binaries'];

/** A path with a folder in it, or the bare name of a source file or document. */
const PATH =
  /^(?!(?:application|image|multipart|text|video)\/)(?:\.?[\w-]+\/[\w./-]*|[\w-]+\.(?:rs|mjs|ts|tsx|py|md|toml))$/;
/** Where a path may start: a document that describes a room names its files as they stand in it. */
const ROOMS = [
  '',
  'docs',
  'crates/cluster/src',
  'crates/engine/src',
  'crates/discovery/src',
  'crates/api/src',
  'crates/server/src',
  'src-tauri/src',
  'ui/src',
  'clients/js/src',
];

const read = (path) => readFileSync(inRoot(path), 'utf8');
const isMade = (path) => path.split('/').some((part) => MADE.includes(part));

function* sources(path) {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) {
    for (const entry of readdirSync(path)) {
      if (!isMade(entry) && !entry.startsWith('.')) yield* sources(join(path, entry));
    }
  } else if (SOURCE.test(path)) {
    yield readFileSync(path, 'utf8');
  }
}

const code = CODE.flatMap((folder) => [...sources(inRoot(folder))]).join('\n');
const rust = ['crates', 'src-tauri'].flatMap((folder) => [...sources(inRoot(folder))]).join('\n');

const all = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);
/** The routes of the API; that they are those of the code, a test of the code sees to. */
const described = JSON.parse(read('docs/openapi.json')).paths;

const isWord = (word) => new RegExp(`(?<![A-Za-z_])${word}(?![A-Za-z_])`);

/** Fenced blocks, and what stands between single backticks outside of them. */
function codeIn(text) {
  const blocks = all(text, /```\w*\n([\s\S]*?)```/g);
  const inline = all(text.replace(/```[\s\S]*?```/g, ''), /`([^`\n]+)`/g);
  return { blocks, inline, everything: [...blocks, ...inline].join('\n') };
}

function scriptsOf(workspace) {
  return JSON.parse(read(join(workspace, 'package.json'))).scripts;
}

for (const document of DOCUMENTS) {
  const text = read(document);
  const { inline, everything } = codeIn(text);

  test(`${document}: every npm command exists`, () => {
    for (const [, script, workspace] of everything.matchAll(
      /npm (?:run )?(start|test|(?<=run )[\w:-]+)(?: -w (\S+))?/g,
    )) {
      assert.ok(
        scriptsOf(workspace ?? '')[script],
        `npm run ${script} in ${workspace ?? 'the root'}`,
      );
    }
  });

  test(`${document}: every link leads somewhere`, () => {
    for (const target of all(text, /\]\(([^)#]+)[^)]*\)/g)) {
      if (/^https?:/.test(target)) continue;
      assert.ok(existsSync(join(ROOT, dirname(document), target)), target);
    }
  });

  test(`${document}: every path exists`, () => {
    for (const path of inline.filter((word) => PATH.test(word))) {
      assert.ok(isMade(path) || ROOMS.some((room) => existsSync(inRoot(room, path))), path);
    }
  });

  test(`${document}: every environment variable is read by the code`, () => {
    const names = all(everything, /(?<![A-Za-z_])(FANLIGHT_[A-Z_]+|PORT|LOG_LEVEL)(?![A-Za-z_])/g);
    for (const name of names) assert.ok(isWord(name).test(code), name);
  });

  test(`${document}: every option of the server exists`, () => {
    const lines = everything.split('\n').filter((line) => line.includes('fanlight-server '));
    const table = inline.filter((word) => /^--[a-z-]+$/.test(word));
    for (const option of [
      ...all(lines.join('\n'), /--([a-z-]+)/g),
      ...table.map((o) => o.slice(2)),
    ]) {
      assert.ok(isWord(option.replaceAll('-', '_')).test(rust), `--${option}`);
    }
  });

  test(`${document}: every route is served`, () => {
    for (const route of all(everything, /(?<!\w)(\/(?:api|ws|health)\b[\w/{}.-]*)/g)) {
      const path = route.replace(/\/(door|camera1)(?=\/|$)/, '/{id}').replace(/\/$/, '');
      assert.ok(rust.includes(path), path);
    }
  });

  test(`${document}: every method of a route is one it has`, () => {
    for (const [, method, route] of text.matchAll(/`(GET|POST|PATCH|DELETE) (\/[\w/{}.-]+)/g)) {
      assert.ok(described[route]?.[method.toLowerCase()], `${method} ${route}`);
    }
  });
}

test('docs/API.md: every route of the description stands in it', () => {
  const text = read('docs/API.md');
  for (const route of Object.keys(described)) assert.ok(text.includes(route), route);
});

test('every crate builds on the Rust that the README asks for', () => {
  const wanted = /^rust-version = "(.+)"/m.exec(read('Cargo.toml'))[1];
  assert.ok(read('README.md').includes(`Rust](https://rustup.rs/) ${wanted}`), `Rust ${wanted}`);
});

test('the README asks for the Node that package.json asks for', () => {
  const wanted = JSON.parse(read('package.json')).engines.node.replace('>=', '');
  assert.ok(read('README.md').includes(`Node](https://nodejs.org/) ${wanted}`), `Node ${wanted}`);
});
