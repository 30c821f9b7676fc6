/** Installs packages of Debian and Ubuntu, without a question. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProgram } from './docker/programs.mjs';

/** For another apt to end. Its own option for that covers installing alone, not the lists of packages. */
const LOCK_SECONDS = 180;

/**
 * @param {string} what that is to be installed, for the sentence
 * @returns {string | undefined} why it cannot be installed here; undefined when it can
 */
export function whyNoApt(what) {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    return `${what} is not installed by itself on ${process.platform}-${process.arch}`;
  }
  if (!isDebian() || !isProgram('apt-get')) return `${what} is installed by itself on Debian and Ubuntu only`;
  return process.getuid?.() === 0 ? undefined : `${what} is installed by root only`;
}

function isDebian() {
  const path = '/etc/os-release';
  const release = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/**
 * @param {readonly string[]} packages
 * @param {(line: string) => void} [say]
 * @throws {Error} with apt's last words
 */
export async function aptInstall(packages, say = (line) => process.stderr.write(`${line}\n`)) {
  say(`Installing ${packages.join(' and ')} (apt-get)…`);
  await aptGet('update');
  await aptGet('install', '--yes', '--no-install-recommends', ...packages);
}

/** Waits where another process installs something. */
async function aptGet(/** @type {string[]} */ ...args) {
  for (let waited = 0; ; waited += 1) {
    const failure = await tryAptGet(args);
    if (failure === undefined) return;
    if (!/could not get lock/i.test(failure) || waited >= LOCK_SECONDS) throw new Error(failure);
    await sleep(1000);
  }
}

/** @returns {Promise<string | undefined>} what went wrong */
async function tryAptGet(/** @type {readonly string[]} */ args) {
  const child = spawn('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // In English: what it says of a lock is looked for.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output = `${output}${text}`.slice(-2000)));
  }
  const [status, signal] = await once(child, 'close');
  if (status === 0) return undefined;
  const last = output.trim().split('\n').slice(-3).join(' | ');
  return `apt-get ${args.join(' ')} ended with ${signal ?? status}: ${last}`;
}
