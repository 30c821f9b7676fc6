import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { CLI } from '../paths.mjs';

/**
 * @typedef {object} TrainedRun as `runner train --json` prints it
 * @property {string} runId
 * @property {string} runDir absolute
 * @property {string} mode
 * @property {string} status
 * @property {string | null} weightsDigest
 */

/**
 * Trains in a process of the command line, which shows its progress on this terminal. Ctrl-C reaches that process by
 * itself and ends it in good order; SIGTERM may be for this one alone.
 * @param {string} mode
 * @param {readonly string[]} options
 * @param {Record<string, string>} env
 * @returns {Promise<{ status: number, run?: TrainedRun }>}
 */
export async function trainIn(mode, options, env) {
  const child = spawn(process.execPath, [CLI, 'train', '--mode', mode, ...options, '--json'], {
    stdio: ['inherit', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const onInt = () => undefined;
  const onTerm = () => child.kill('SIGTERM');
  process.on('SIGINT', onInt).on('SIGTERM', onTerm).on('SIGHUP', onTerm);
  const [stdout, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  process.off('SIGINT', onInt).off('SIGTERM', onTerm).off('SIGHUP', onTerm);
  const status = signal === null ? code : 1;
  const document = stdout.trim() === '' ? undefined : JSON.parse(stdout);
  return document?.runId === undefined ? { status } : { status, run: document };
}
