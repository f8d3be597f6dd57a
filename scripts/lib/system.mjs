// Makes sure the system has the packages a purpose needs: installs what is missing on Debian and
// Ubuntu, names what is missing anywhere else.

import { existsSync, readFileSync } from 'node:fs';
import { capture, which } from './exec.mjs';
import { ADVICE, CHECKS, DEBIAN } from './packages.mjs';
import { hasPip } from './python.mjs';
import { step, Trouble } from './steps.mjs';

const distribution = () => {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (name) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '';
  return { id: field('ID'), like: `${field('ID')} ${field('ID_LIKE')}`.split(' ') };
};

/** The packages of these purposes that dpkg does not have installed, by their name here. */
export function missingPackages(purposes, { installed, has, ubuntu }) {
  const entries = purposes.flatMap((purpose) => DEBIAN[purpose]);
  const wanted = entries
    .map((entry) => (typeof entry === 'string' ? { name: entry } : entry))
    .filter((entry) => !(entry.commands ?? []).some(has))
    .map((entry) => (ubuntu ? (entry.ubuntu ?? entry.name) : entry.name));
  return [...new Set(wanted)].filter((name) => !installed.has(name));
}

function installedPackages() {
  const format = ['-W', '-f', `\${db:Status-Abbrev}\t\${Package}\n`];
  const { stdout } = capture('dpkg-query', format);
  const lines = stdout.split('\n').filter((line) => line.startsWith('ii'));
  return new Set(lines.map((line) => line.split('\t')[1]));
}

/** The words to put before apt-get, or null when this user may not install. */
function asRoot() {
  if (process.getuid() === 0) return [];
  if (!which('sudo')) return null;
  // Asks for the password now, while no progress line moves; in CI it must not ask.
  const { ok } = capture('sudo', process.stdin.isTTY ? ['-v'] : ['-n', 'true'], {
    stdio: 'inherit',
  });
  return ok ? ['sudo'] : null;
}

async function installDebian(names) {
  const prefix = asRoot();
  if (!prefix) {
    throw new Trouble(
      `These system packages are missing, and this user may not install them:\n  ${names.join(' ')}\n` +
        `Ask for: apt-get install ${names.join(' ')}`,
    );
  }
  const apt = [
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-o',
    'DPkg::Lock::Timeout=300',
  ];
  const [command, ...before] = apt;
  await step(`Installing system packages: ${names.join(' ')}`, async (one) => {
    await one.exec(command, [...before, 'update', '-q']);
    await one.exec(command, [...before, 'install', '-y', '-q', ...names]);
  });
}

const passes = (check) =>
  typeof check === 'string' ? which(check) !== null : capture(...check).ok;
const inWords = (check) => (typeof check === 'string' ? check : check[1].at(-1));

function checkOnly(purposes) {
  const table = CHECKS[process.platform] ?? CHECKS.linux;
  const missing = purposes.flatMap((purpose) => table[purpose]).filter((check) => !passes(check));
  if (missing.length === 0) return;
  const advice = ADVICE[process.platform] ?? ADVICE.linux;
  throw new Trouble(
    `These are missing on this machine: ${missing.map(inWords).join(', ')}\n${advice.join('\n')}`,
  );
}

/** Installs or checks what the purposes (keys of DEBIAN) need, and pip where it is to be used. */
export async function system(purposes, pip) {
  if (purposes.length === 0 && !pip) return;
  const { id, like } = distribution();
  if (!like.includes('debian') || !which('dpkg-query')) {
    checkOnly(purposes);
    return;
  }
  const ubuntu = id === 'ubuntu' || like.includes('ubuntu');
  const has = (command) => which(command) !== null;
  const missing = missingPackages(purposes, { installed: installedPackages(), has, ubuntu });
  // Many machines have pip without Debian's package, so that is asked of Python.
  if (pip && !hasPip()) missing.push('python3-pip');
  if (missing.length > 0) await installDebian(missing);
}
