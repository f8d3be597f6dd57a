// Running other programs: quietly for an answer, with their output going to a step's log, or in
// front. Every program started here ends with us.

import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { ROOT } from './paths.mjs';

const WINDOWS = process.platform === 'win32';
/** Time between asking a group to end and ending it: the server promises a clean exit in 5 s. */
const KILL_GRACE_MS = 8000;

const running = new Set();
/** The program that has the terminal, when there is one. */
let inFront = null;

/** npm and npx are batch files on Windows, and those start only through a shell. */
const needsShell = (command) => WINDOWS && ['npm', 'npx'].includes(command);

/** The full path of a command on PATH (or of an absolute one), or null when it is not there. */
export function which(command) {
  const suffixes = WINDOWS ? ['.exe', '.cmd', '.bat', ''] : [''];
  const folders = isAbsolute(command) ? [''] : (process.env.PATH ?? '').split(delimiter);
  for (const folder of folders) {
    for (const suffix of suffixes) {
      const path = join(folder, command + suffix);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here; the next folder may have it.
      }
    }
  }
  return null;
}

/** Runs to the end and returns { ok, stdout, stderr }; never throws, a missing program is not ok. */
export function capture(command, args = [], options = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    shell: needsShell(command),
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  return {
    ok: result.status === 0,
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? '',
  };
}

function signal(child, name) {
  try {
    if (WINDOWS) spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f']);
    else process.kill(-child.pid, name);
  } catch {
    // It has ended already.
  }
}

/**
 * Runs a program in a process group of its own and hands every piece of its output to `onOutput`.
 * Resolves to { code, timedOut }; rejects only when the program cannot be started.
 */
export function stream(command, args, { onOutput, env, cwd = ROOT, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !WINDOWS,
      shell: needsShell(command),
    });
    running.add(child);
    let timedOut = false;
    let killer;
    const limit =
      timeoutMs &&
      setTimeout(() => {
        timedOut = true;
        signal(child, 'SIGTERM');
        killer = setTimeout(() => signal(child, 'SIGKILL'), KILL_GRACE_MS);
      }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', onOutput);
    child.stderr.setEncoding('utf8').on('data', onOutput);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
      clearTimeout(killer);
      running.delete(child);
      resolve({ code: code ?? 1, timedOut });
    });
  });
}

/** Runs a program on this terminal, as if it had been started there; resolves to its exit code. */
export function foreground(command, args, env) {
  return new Promise((resolve, reject) => {
    inFront = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    inFront.on('error', reject);
    inFront.on('close', (code, name) => {
      inFront = null;
      resolve(name === 'SIGINT' ? 0 : (code ?? 1));
    });
  });
}

/** From here on Ctrl-C and SIGTERM end whatever runs, and then this process. */
export function endChildrenOnSignal() {
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    process.on(name, () => {
      if (inFront) {
        // A terminal's Ctrl-C has reached the program already, and we end when it has ended.
        if (name === 'SIGTERM' || !process.stdin.isTTY) inFront.kill(name);
        return;
      }
      for (const child of running) signal(child, 'SIGTERM');
      process.stdout.write('\nStopped.\n');
      process.exit(code);
    });
  }
}
