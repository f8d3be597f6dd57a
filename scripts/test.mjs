// `npm test`: sets up, runs every part, and sums them up.
//   npm test -- --quick             lints and unit tests only
//   npm test -- --only rust,e2e     only these parts (see scripts/lib/parts.mjs)

import { parseArgs } from 'node:util';
import { add, count, inWords, triedAgain } from './lib/counts.mjs';
import { endChildrenOnSignal } from './lib/exec.mjs';
import { PARTS } from './lib/parts.mjs';
import { setUp } from './lib/setup.mjs';
import { duration, heading, main, note, StepFailed, step, Trouble } from './lib/steps.mjs';

/** No test or build may hang a machine for longer than this. */
const LIMIT_MS = 30 * 60_000;
const NOTHING = { passed: 0, failed: 0, skipped: 0 };

function chooseParts() {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, quick: { type: 'boolean' } },
  });
  if (!values.only) return PARTS.filter((part) => (values.quick ? part.quick : !part.onRequest));
  const names = values.only.split(',');
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    const all = PARTS.map((part) => part.name).join(', ');
    throw new Trouble(`There is no part called ${unknown.join(', ')}. The parts are: ${all}.`);
  }
  return PARTS.filter((part) => names.includes(part.name));
}

/** Runs one check. A runner that counts is counted by its tests, anything else as one check. */
async function runCommand({ title, command, args, skip, env, cwd, timeoutMs = LIMIT_MS }) {
  if (skip) {
    note(`${title} … skipped: ${skip}`);
    return { ...NOTHING, skipped: 1 };
  }
  let finished;
  let failed = false;
  try {
    finished = await step(title, (one) => {
      finished = one;
      return one.exec(command, args, { env, cwd, timeoutMs });
    });
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    failed = true;
  }
  const counted = count(finished.output);
  for (const line of [...triedAgain(finished.output), ...counted.lines]) note(`  ${line}`);
  if (counted.lines.length === 0) return { ...NOTHING, [failed ? 'failed' : 'passed']: 1 };
  // A runner can fail without a failed test, for example when it finds none or cannot compile.
  return { ...counted, failed: failed ? Math.max(1, counted.failed) : counted.failed };
}

/** Runs all of a part's checks, also after a failed one: a person wants to see them all. */
async function runPart(part) {
  heading(part.name);
  const started = performance.now();
  let result = NOTHING;
  try {
    for (const prepare of part.prepare ?? []) await prepare();
    for (const command of part.commands()) result = add(result, await runCommand(command));
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    result = add(result, { ...NOTHING, failed: 1 });
  }
  return { name: part.name, ...result, ms: performance.now() - started };
}

function printSummary(results) {
  heading('Summary');
  for (const result of results) {
    const verdict = result.failed > 0 ? 'FAILED' : 'passed';
    note(
      `${result.name.padEnd(8)} ${verdict}  ${duration(result.ms).padStart(12)}  ${inWords(result)}`,
    );
  }
}

await main(async () => {
  endChildrenOnSignal();
  const parts = chooseParts();
  heading('Setting up');
  await setUp(parts.flatMap((part) => part.needs));

  const results = [];
  for (const part of parts) results.push(await runPart(part));

  printSummary(results);
  const total = results.reduce(add, NOTHING);
  const broken = results.filter((result) => result.failed > 0).map((result) => result.name);
  heading(broken.length > 0 ? `Something is wrong in: ${broken.join(', ')}.` : 'All is well.');
  process.stdout.write(`${inWords(total)}\n`);
  return broken.length > 0 ? 1 : 0;
});
