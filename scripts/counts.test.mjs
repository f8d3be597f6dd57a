// The closing lines of the runners that `npm test` calls, as they print them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, inWords, triedAgain } from './lib/counts.mjs';

const numbers = (output) => {
  const { passed, failed, skipped } = count(output);
  return [passed, failed, skipped];
};

const CASES = [
  ['nextest', '     Summary [   0.012s] 3 tests run: 3 passed (1 slow), 2 skipped\n', [3, 0, 2]],
  [
    'nextest with failures',
    '     Summary [  61.0s] 9/12 tests run: 6 passed, 2 failed, 1 timed out, 0 skipped\n',
    [6, 3, 0],
  ],
  [
    'cargo test adds up its binaries',
    'test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n' +
      'test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n',
    [4, 2, 1],
  ],
  ['pytest', '======== 12 passed, 1 skipped in 3.20s ========\n', [12, 0, 1]],
  ['pytest over a minute', '=== 2 failed, 3 passed, 1 error in 75.12s (0:01:15) ===\n', [3, 3, 0]],
  ['quiet pytest', '7 passed in 0.42s\n', [7, 0, 0]],
  ['pytest without tests', '====== no tests ran in 0.01s ======\n', [0, 0, 0]],
  [
    'vitest counts tests, not files',
    ' Test Files  1 failed | 2 passed (3)\n      Tests  1 failed | 11 passed | 2 skipped (14)\n',
    [11, 1, 2],
  ],
  ['pytest that tried again', '====== 3 passed, 1 rerun in 9.48s ======\n', [3, 0, 0]],
  ['node', 'ℹ tests 6\nℹ pass 5\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\n', [5, 1, 0]],
  ['a failure that mentions a time', 'FAILED tests/a.py::b - it failed in 3.0s\n', [0, 0, 0]],
];

for (const [name, output, expected] of CASES) {
  test(`reads the closing line of ${name}`, () => assert.deepEqual(numbers(output), expected));
}

test('says the sum as a plain closing line', () => {
  assert.equal(inWords({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  assert.equal(inWords({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped');
});

test('names the tests that were tried again', () => {
  const output = [
    '=== rerun test summary info ===',
    'RERUN tests/e2e/test_a.py::test_b',
    'PASSED tests/e2e/test_a.py::test_b',
    '  FLAKY 2/2 [   0.004s] (2/3) a-crate tests::b',
    '     Summary [   0.010s] 3 tests run: 3 passed (1 flaky), 0 skipped',
    '  FLAKY 2/2 [   0.004s] (2/3) a-crate tests::b',
  ].join('\n');
  assert.deepEqual(triedAgain(output), [
    'RERUN tests/e2e/test_a.py::test_b',
    'FLAKY 2/2 [   0.004s] (2/3) a-crate tests::b',
  ]);
});
