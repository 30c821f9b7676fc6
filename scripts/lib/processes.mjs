/** Processes by what is in their environment, which their children inherit, whatever group or session they are in. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * @param {readonly string[]} variables `NAME=value`, which it must have all
 * @returns {readonly number[]} process ids. Linux
 */
export function processesWith(...variables) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        return variables.every((variable) => environment.includes(variable));
      } catch {
        // It has ended meanwhile, or is another user's.
        return false;
      }
    });
}

export function killAll(/** @type {readonly number[]} */ pids) {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ESRCH: it has ended.
    }
  }
}

/** @returns {readonly number[]} process ids of a process's children, theirs, and so on. Linux */
export function descendantsOf(/** @type {number} */ ancestor) {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  );
  /** @type {number[]} */
  const found = [ancestor];
  for (const pid of found)
    found.push(...[...parents].flatMap(([child, parent]) => (parent === pid ? [child] : [])));
  return found.slice(1);
}

/** @returns {number | undefined} undefined if it has ended. Linux */
export function parentOf(/** @type {number} */ pid) {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
