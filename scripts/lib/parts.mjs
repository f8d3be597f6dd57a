// The parts of `npm test`: what each needs and runs. test.mjs chooses, runs and sums them up.

import { mkdirSync, readdirSync } from 'node:fs';
import { buildImage } from './image.mjs';
import { inRoot } from './paths.mjs';
import { VENV_PYTHON } from './python.mjs';
import {
  buildFuzzTargets,
  buildPackages,
  buildPrograms,
  CARGO_FUZZ,
  DESKTOP,
  FUZZ_ENV,
  FUZZING,
  hasCargo,
  PACKAGES,
  SERVER,
  TAURI_DRIVER,
  tauriDriver,
} from './rust.mjs';
import { FOR_DESKTOP } from './setup.mjs';

const MINUTE = 60_000;

const run = (title, command, args, options = {}) => ({ title, command, args, ...options });
const python = (title, args, options) => run(title, VENV_PYTHON, ['-m', ...args], options);
/** A machine that stands still for seconds is no fault of ours: one more try, which is told of. */
const PYTEST = ['pytest', '--color=no', '-raR', '--reruns', '1', '--reruns-delay', '2'];

const scriptTests = () =>
  readdirSync(inRoot('scripts'))
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => `scripts/${name}`);

function lints() {
  const client = { cwd: inRoot('clients/python') };
  // The bench follows the settings of the tests, whose rig it uses.
  const tests = { cwd: inRoot('tests') };
  return [
    run('cargo fmt', 'cargo', ['fmt', '--all', '--check']),
    run('cargo clippy', 'cargo', [
      'clippy',
      '--locked',
      '--workspace',
      '--all-targets',
      '--',
      '-D',
      'warnings',
    ]),
    hasCargo('deny')
      ? run('cargo deny', 'cargo', ['deny', 'check', 'licenses', 'bans', 'sources'])
      : {
          title: 'cargo deny',
          skip: 'cargo-deny is not installed (cargo install cargo-deny --locked)',
        },
    run('biome', 'npx', ['biome', 'ci', '.']),
    run('tsc', 'npx', ['tsc', '-p', 'ui']),
    run('tsc clients/js', 'npx', ['tsc', '-p', 'clients/js']),
    python('ruff check clients/python', ['ruff', 'check', '.'], client),
    python('ruff format clients/python', ['ruff', 'format', '--check', '.'], client),
    python('ruff check tests', ['ruff', 'check', '.', '../bench'], tests),
    python('ruff format tests', ['ruff', 'format', '--check', '.', '../bench'], tests),
    python('mypy', ['mypy', '--strict'], client),
  ];
}

function rustTests() {
  const locked = ['--locked', '--workspace'];
  if (!hasCargo('nextest')) return [run('cargo test', 'cargo', ['test', ...locked])];
  return [
    run('cargo nextest', 'cargo', ['nextest', 'run', '--color=never', '--no-fail-fast', ...locked]),
  ];
}

/**
 * Each parser for some seconds, from the saved corpus on and by the same dice on every clean
 * checkout. What is found is kept beside the logs and makes later runs go further.
 */
function fuzzing() {
  const targets = readdirSync(inRoot('tests/fuzz/fuzz_targets')).map((file) => file.split('.')[0]);
  return targets.map((target) => {
    const found = inRoot('.cache', 'fuzz', target);
    mkdirSync(found, { recursive: true });
    const corpora = [found, inRoot('tests/fuzz/corpus', target)];
    const limits = ['--', '-seed=1', '-max_total_time=5', '-timeout=5', '-rss_limit_mb=1024'];
    return run(
      `cargo fuzz ${target}`,
      CARGO_FUZZ,
      ['run', ...FUZZING, target, ...corpora, ...limits],
      {
        env: FUZZ_ENV,
        timeoutMs: 5 * MINUTE,
      },
    );
  });
}

/** Most tests wait most of the time, so two files run at once; those that measure follow, one by one. */
function endToEnd() {
  const options = { env: { FANLIGHT_SERVER: SERVER }, timeoutMs: 20 * MINUTE };
  const two = ['-n', '2', '--dist', 'loadfile'];
  return [
    python('pytest tests/e2e', [...PYTEST, ...two, '-m', 'not alone', 'tests/e2e'], options),
    python('pytest tests/e2e, alone', [...PYTEST, '-m', 'alone', 'tests/e2e'], options),
  ];
}

/** A screen and a session bus of its own, with a window manager, so that no test meets the user's. */
function desktopTests() {
  const inside = `openbox & "${VENV_PYTHON}" -m ${PYTEST.join(' ')} tests/desktop; code=$?; kill $!; exit $code`;
  const bus = ['dbus-run-session', '--', 'sh', '-c', inside];
  const screen = ['-a', '-s', '-screen 0 1280x800x24', ...bus];
  return [
    run('pytest tests/desktop', 'xvfb-run', screen, {
      env: { FANLIGHT_DESKTOP: DESKTOP, TAURI_DRIVER },
      timeoutMs: 20 * MINUTE,
    }),
  ];
}

/**
 * In the order in which they run, the quickest answers first. `needs` is what setup.mjs sets up,
 * `prepare` builds, `commands` are the checks; `quick` parts are those of `--quick`;
 * those `onRequest` run only when `--only` names them.
 */
export const PARTS = [
  {
    name: 'scripts',
    quick: true,
    needs: [],
    commands: () => [
      run('node --test scripts', 'node', ['--test', '--test-reporter=spec', ...scriptTests()]),
    ],
  },
  { name: 'lint', quick: true, needs: [...FOR_DESKTOP, 'venv'], commands: lints },
  {
    name: 'ui',
    quick: true,
    needs: ['npm'],
    commands: () => [
      run('npm test -w ui', 'npm', ['test', '-w', 'ui']),
      run('npm test -w clients/js', 'npm', ['test', '-w', 'clients/js']),
    ],
  },
  { name: 'rust', quick: true, needs: FOR_DESKTOP, commands: rustTests },
  { name: 'fuzz', needs: ['server'], prepare: [buildFuzzTargets], commands: fuzzing },
  {
    name: 'python',
    quick: true,
    needs: ['test', 'venv'],
    commands: () => [
      python('pytest clients/python', [...PYTEST, 'tests'], { cwd: inRoot('clients/python') }),
    ],
  },
  {
    name: 'e2e',
    needs: [...FOR_DESKTOP, 'test', 'venv'],
    prepare: [buildPrograms],
    commands: endToEnd,
  },
  {
    name: 'browser',
    needs: [...FOR_DESKTOP, 'test', 'venv'],
    prepare: [buildPrograms],
    commands: () => [
      python('pytest tests/browser', [...PYTEST, 'tests/browser'], {
        env: { FANLIGHT_SERVER: SERVER },
        timeoutMs: 10 * MINUTE,
      }),
    ],
  },
  {
    name: 'desktop',
    needs: [...FOR_DESKTOP, 'run', 'test', 'screen', 'venv'],
    prepare: [buildPrograms, tauriDriver],
    commands: desktopTests,
  },
  {
    name: 'package',
    // Builds the app and the image once more: for whoever changes a package.
    onRequest: true,
    needs: [...FOR_DESKTOP, 'test', 'screen', 'package', 'venv'],
    prepare: [buildPackages, buildImage],
    commands: () => [
      python('pytest tests/package', [...PYTEST, 'tests/package'], {
        env: { FANLIGHT_PACKAGES: PACKAGES },
        timeoutMs: 20 * MINUTE,
      }),
    ],
  },
];
