// The compilers and interpreters that no package list of ours installs: Node and Rust.

import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { capture, which } from './exec.mjs';
import { EXE, inRoot } from './paths.mjs';
import { Trouble } from './steps.mjs';

const isOlder = (have, want) => {
  for (let part = 0; part < want.length; part += 1) {
    if (have[part] !== want[part]) return (have[part] ?? 0) < want[part];
  }
  return false;
};

const numbers = (text) => (/(\d+)\.(\d+)/.exec(text) ?? []).slice(1, 3).map(Number);

/** The Node this runs on must be one that the UI's tools run on. */
export function requireNode() {
  const wanted = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).engines.node;
  if (isOlder(numbers(process.versions.node), numbers(wanted))) {
    throw new Trouble(
      `Fanlight needs Node ${wanted}; this is ${process.versions.node}. Get it from https://nodejs.org/`,
    );
  }
}

/** rustup puts cargo where a shell that was open before it does not look yet. */
function findCargo() {
  const usual = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin');
  if (!which('cargo') && existsSync(join(usual, `cargo${EXE}`))) {
    process.env.PATH = `${usual}${delimiter}${process.env.PATH}`;
  }
  return which('cargo');
}

/** Rust must be there and as new as Cargo.toml asks. */
export function requireRust() {
  const wanted = /^rust-version = "(.+)"/m.exec(readFileSync(inRoot('Cargo.toml'), 'utf8'))[1];
  const how =
    'Install it with rustup, which keeps it current: https://rustup.rs/\n' +
    "(The rustc in a distribution's packages is usually too old.)";
  if (!findCargo())
    throw new Trouble(`Fanlight needs Rust ${wanted} or newer, and found none.\n${how}`);
  const { stdout } = capture('cargo', ['--version']);
  if (isOlder(numbers(stdout), numbers(wanted))) {
    throw new Trouble(`Fanlight needs Rust ${wanted} or newer; this is ${stdout.trim()}.\n${how}`);
  }
}

/** The platform's name in Rust's words, such as x86_64-unknown-linux-gnu. */
export function hostTriple() {
  const { stdout } = capture('rustc', ['-vV']);
  const host = /^host: (\S+)$/m.exec(stdout)?.[1];
  if (!host) throw new Trouble('rustc -vV does not name its host. Is Rust installed in full?');
  return host;
}
