/** Programs that run beside this process, each the leader of a process group of its own, what they write in a file. */
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync } from 'node:fs';

/** Groups that have had nobody in them: their numbers may be others' by now. @type {WeakSet<object>} */
const GONE = new WeakSet();

/**
 * A program that cannot be started has no pid, and says why in its log.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, uid?: number, gid?: number, log: string }} options `env` besides that of this
 *   process; `log`: path of a file that is appended to
 */
export function launchGroup(program, args, { env, log, ...options }) {
  const output = openSync(log, 'a');
  try {
    const child = spawn(program, args, {
      ...{ detached: true, stdio: ['ignore', output, output] },
      ...options,
      env: { ...process.env, ...env },
    });
    return child.on('error', ({ message }) => appendFileSync(log, `${message}\n`));
  } finally {
    closeSync(output);
  }
}

/**
 * @param {Pick<import('node:child_process').ChildProcess, 'pid'>} child its leader
 * @param {NodeJS.Signals | 0} signal
 * @returns {boolean} whether there was anybody in it
 */
export function signalGroup(child, signal) {
  if (child.pid === undefined || GONE.has(child)) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch {
    // ESRCH: all are gone.
    GONE.add(child);
    return false;
  }
}
