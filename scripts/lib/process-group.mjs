/** Programs that run beside this process, each the leader of a process group of its own, what they write in a file. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, uid?: number, gid?: number, log: string }} options `env` besides that of this
 *   process; `log`: path of a file that is appended to
 */
export function launchGroup(program, args, { env, log, ...options }) {
  const output = openSync(log, 'a');
  try {
    return spawn(program, args, {
      ...{ detached: true, stdio: ['ignore', output, output] },
      ...options,
      env: { ...process.env, ...env },
    });
  } finally {
    closeSync(output);
  }
}

/**
 * @param {Pick<import('node:child_process').ChildProcess, 'pid'>} child its leader
 * @param {NodeJS.Signals | 0} signal
 * @returns {boolean} whether there was anybody in it
 */
export function signalGroup({ pid }, signal) {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    // ESRCH: all are gone.
    return false;
  }
}
