/** Installs Docker from the distribution's own packages. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { isProgram } from './programs.mjs';

/** `debootstrap` makes a base image where no registry can be reached. */
const PACKAGES = ['docker.io', 'debootstrap'];

/** @returns {string | undefined} why Docker cannot be installed here; undefined when it can */
export function whyNotInstallable() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    return `Docker is not installed by itself on ${process.platform}-${process.arch}`;
  }
  if (!isDebian() || !isProgram('apt-get')) return 'Docker is installed by itself on Debian and Ubuntu only';
  return process.getuid?.() === 0 ? undefined : 'Docker is installed by root only';
}

/** Whether {@link installDocker} can work here: Debian or Ubuntu, root, x64 or arm64. */
export const canInstallDocker = () => whyNotInstallable() === undefined;

function isDebian() {
  const path = '/etc/os-release';
  const release = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/**
 * Installs the packages without a question. Where an init system runs, the package starts the machine's daemon; where
 * none does, Debian's scripts start nothing.
 * @param {(line: string) => void} [say]
 * @throws {Error} with apt's last words
 */
export async function installDocker(say = (line) => process.stderr.write(`${line}\n`)) {
  const why = whyNotInstallable();
  if (why !== undefined) throw new Error(why);
  say(`Installing ${PACKAGES.join(' and ')} (apt-get)…`);
  await aptGet('update');
  await aptGet('install', '--yes', '--no-install-recommends', ...PACKAGES);
}

async function aptGet(/** @type {string[]} */ ...args) {
  const child = spawn('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output = `${output}${text}`.slice(-2000)));
  }
  const [status, signal] = await once(child, 'close');
  if (status === 0) return;
  const last = output.trim().split('\n').slice(-3).join(' | ');
  throw new Error(`apt-get ${args.join(' ')} ended with ${signal ?? status}: ${last}`);
}
