// The progress a person sees: one line per step with its time, the end of the output when a step
// fails, and the whole of it in .cache/logs. The same on a terminal and in CI, where no line moves.

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { stream } from './exec.mjs';
import { LOGS, ROOT } from './paths.mjs';

const TTY = process.stdout.isTTY === true;
const TAIL_LINES = 80;
/** Output kept in memory per step, for the tail and for counting tests. */
const KEEP_CHARS = 4 * 1024 * 1024;

/** Something a person has to mend. Its message is shown as it is, without a stack. */
export class Trouble extends Error {}

/** A step that ran a program which failed; the output is in `log`. */
export class StepFailed extends Error {
  constructor(message, step) {
    super(message);
    this.step = step;
  }
}

const say = (text) => process.stdout.write(text);

/** 0.4 s, 12.3 s, 4 min 05 s */
export function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** The file name of a step's log: its title in plain letters, in a length any file system takes. */
export function logName(title) {
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 80)
    .replace(/^-|-$/g, '');
  return `${slug}.log`;
}

class Step {
  constructor(title) {
    this.title = title;
    this.started = performance.now();
    this.output = '';
    this.detail = '';
    mkdirSync(LOGS, { recursive: true });
    this.log = join(LOGS, logName(title));
    this.file = openSync(this.log, 'w');
  }

  get elapsed() {
    return performance.now() - this.started;
  }

  write(text) {
    const plain = stripVTControlCharacters(text);
    writeSync(this.file, plain);
    this.output = (this.output + plain).slice(-KEEP_CHARS);
    this.detail =
      plain
        .trimEnd()
        .split(/[\r\n]/)
        .at(-1)
        .trim() || this.detail;
  }

  /** Runs a program in this step; throws StepFailed when it does not end well. */
  async exec(command, args = [], options = {}) {
    this.write(`$ ${[command, ...args].join(' ')}\n`);
    let result;
    try {
      result = await stream(command, args, { ...options, onOutput: (text) => this.write(text) });
    } catch (error) {
      throw new StepFailed(`${command} could not be started: ${error.message}`, this);
    }
    if (result.timedOut) {
      throw new StepFailed(`${command} took longer than ${duration(options.timeoutMs)}`, this);
    }
    if (result.code !== 0) {
      throw new StepFailed(`${command} ended with code ${result.code}`, this);
    }
  }

  close() {
    closeSync(this.file);
  }
}

function paint(step) {
  const line = `  ${step.title} … ${duration(step.elapsed)}  ${step.detail}`;
  say(`\r\x1b[2K${line.slice(0, (process.stdout.columns || 80) - 1)}`);
}

/** The last lines of what a step's programs said, indented, and where the rest is. */
export function showTail(step) {
  const lines = step.output.trimEnd().split('\n').slice(-TAIL_LINES);
  say(`\n${lines.map((line) => `    ${line}`).join('\n')}\n\n`);
  say(`    All of it: ${relative(ROOT, step.log)}\n`);
}

/**
 * Runs `work(step)` as one line of progress. A string it returns is shown after the time, and the
 * step itself is returned. Throws what `work` throws, after showing the end of the output.
 */
export async function step(title, work) {
  const one = new Step(title);
  const ticking = TTY && setInterval(() => paint(one), 250);
  if (!TTY) say(`  ${title} … `);
  const close = (mark, note) => {
    clearInterval(ticking);
    one.close();
    const end = `${mark}${duration(one.elapsed)}${note ? `  ${note}` : ''}\n`;
    say(TTY ? `\r\x1b[2K  ${title}  ${end}` : end);
  };
  try {
    const note = await work(one);
    close('', note);
    return one;
  } catch (error) {
    const known = error instanceof StepFailed;
    close('FAILED after ', known ? error.message : '');
    if (known) showTail(one);
    throw error;
  }
}

/** A line that is no step: something skipped, or something to know. */
export const note = (text) => say(`  ${text}\n`);

/** A heading before a group of steps. */
export const heading = (text) => say(`\n${text}\n`);

/** Runs a script's main function; what goes wrong ends in a sentence and exit code 1. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    if (error instanceof Trouble) say(`\n${error.message}\n`);
    else if (error instanceof StepFailed) say(`\nStopped: ${error.message}.\n`);
    else throw error;
    process.exitCode = 1;
  }
}
