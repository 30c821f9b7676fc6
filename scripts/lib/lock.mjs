import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILDS } from './paths.mjs';

const LOCK = join(BUILDS, 'lock');
/** Longer than any installation takes; a process of the same number may be another one by then. */
const STALE_MS = 10 * 60 * 1000;

/**
 * Does some work of the set-up while no other process of the checkout does any; waits for one that does. When two take
 * a dead one's lock over at once they both go on, which costs time alone: each build is made in a folder of its own.
 * @param {() => void} work may end the process: a lock whose owner is gone counts as free
 */
export function withLock(work) {
  mkdirSync(BUILDS, { recursive: true });
  for (let said = false; !taken(); said = true) {
    if (isFree()) {
      rmSync(LOCK, { force: true });
      continue;
    }
    if (!said) process.stderr.write('Waiting for another process that sets up this checkout…\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  try {
    work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

function taken() {
  try {
    writeFileSync(LOCK, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function isFree() {
  try {
    if (Date.now() - statSync(LOCK).mtimeMs > STALE_MS) return true;
    // Number 0, before the owner has written its own, always lives.
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0);
    return false;
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return codeOf(error) !== 'EPERM';
  }
}

const codeOf = (/** @type {unknown} */ error) => /** @type {NodeJS.ErrnoException} */ (error).code;
