// Reads test runners' closing lines: how many passed, failed and were skipped. Text in, numbers out.

const SUM = { passed: 0, failed: 0, skipped: 0 };

const number = (text, pattern) => Number(pattern.exec(text)?.[1] ?? 0);

/** One entry per runner: which line closes it, and how its numbers are read. */
const RUNNERS = [
  {
    // nextest: "Summary [ 12.3s] 8 tests run: 7 passed (1 slow), 1 failed, 2 skipped"
    closing: /^\s*Summary \[.*\] .*tests? run:.*$/,
    read: (line) => ({
      passed: number(line, /(\d+) passed/),
      failed: number(line, /(\d+) failed/) + number(line, /(\d+) timed out/),
      skipped: number(line, /(\d+) skipped/),
    }),
  },
  {
    // cargo test: "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; …"
    closing: /^test result: .*$/,
    read: (line) => ({
      passed: number(line, /(\d+) passed/),
      failed: number(line, /(\d+) failed/),
      skipped: number(line, /(\d+) ignored/),
    }),
  },
  {
    // pytest: "=== 2 failed, 12 passed, 1 skipped in 3.20s ==="
    closing:
      /^=*\s*(?:\d+ (?:passed|failed|errors?|skipped|warnings?|deselected|x\w+)|no tests ran)\b.* in [\d.]+s.*$/,
    read: (line) => ({
      passed: number(line, /(\d+) passed/),
      failed: number(line, /(\d+) failed/) + number(line, /(\d+) errors?/),
      skipped: number(line, /(\d+) skipped/),
    }),
  },
  {
    // vitest: "      Tests  1 failed | 11 passed | 2 skipped (14)"
    closing: /^\s*Tests\s+\d+ .*\(\d+\)\s*$/,
    read: (line) => ({
      passed: number(line, /(\d+) passed/),
      failed: number(line, /(\d+) failed/),
      skipped: number(line, /(\d+) skipped/),
    }),
  },
  {
    // node --test prints one number a line: "ℹ pass 5", "# fail 0"
    closing: /^[ℹ#] (?:pass|fail|skipped) \d+$/,
    read: (line) => ({
      passed: number(line, / pass (\d+)/),
      failed: number(line, / fail (\d+)/),
      skipped: number(line, / skipped (\d+)/),
    }),
  },
];

export const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/** { passed, failed, skipped, lines }: the sum over every closing line in a runner's output. */
export function count(output) {
  let total = SUM;
  const lines = [];
  for (const line of output.split('\n')) {
    const runner = RUNNERS.find(({ closing }) => closing.test(line));
    if (!runner) continue;
    total = add(total, runner.read(line));
    lines.push(line.trim());
  }
  return { ...total, lines };
}

/** pytest's "RERUN tests/a.py::b" and nextest's "FLAKY 2/2 [ 1.2s] crate a::b": passed when tried again. */
const TRIED_AGAIN = /^(?:RERUN|\s*FLAKY \d+\/\d+) .*$/;

/** What a runner says of the tests that it ran more than once, a line each. */
export const triedAgain = (output) => [
  ...new Set(
    output
      .split('\n')
      .filter((line) => TRIED_AGAIN.test(line))
      .map((line) => line.trim()),
  ),
];

/** The numbers as a closing line: "12 passed, 0 failed", with skipped ones when there are any. */
export const inWords = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
