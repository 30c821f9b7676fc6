/**
 * Runs programs of the checkout, two at once where the machine has room for that: they wait much of their time. Plain
 * JavaScript, because it runs before anything is compiled.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, totalmem } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './paths.mjs';

/**
 * @typedef {object} Job
 * @property {string} name short: what it prints has it before each line
 * @property {readonly string[]} command arguments for Node, in the checkout
 * @property {string} [after] another job, which must have succeeded before this one begins
 * @property {NodeJS.ProcessEnv} [env] over this process's own
 *
 * @typedef {object} Ended
 * @property {Job} job
 * @property {boolean} begun false if the job that it comes after has failed
 * @property {number | null} status its exit status; null after a signal, and if it was not begun
 * @property {number} seconds
 */

/** Bytes of memory that two jobs may need together. */
const ROOM_FOR_TWO = 6 * 1024 ** 3;
/** For what a job has printed last; something that it has left behind may hold its output open for ever. */
const LAST_WORDS_MS = 2_000;

/** How many jobs this machine has room for at once. */
export function roomForJobs() {
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return availableParallelism() >= 2 && memory >= ROOM_FOR_TWO ? 2 : 1;
}

/**
 * Runs them all: those that may begin in their order, `atOnce` at a time. Of several at once each line comes whole and
 * with the name of its job; a job alone has the terminal. After Ctrl-C or SIGTERM no other is begun, and this process
 * ends once they have.
 * @param {readonly Job[]} jobs
 * @param {object} options
 * @param {number} options.atOnce
 * @param {(job: Job) => void} options.onBegin
 * @param {(ended: Ended) => void} options.onEnd in the order in which they end
 */
export async function runJobs(jobs, { atOnce, onBegin, onEnd }) {
  const lanes = Math.min(atOnce, jobs.length);
  const width = Math.max(...jobs.map(({ name }) => name.length));
  const waiting = new Set(jobs);
  /** @type {Map<string, boolean>} of those that have ended, whether they have succeeded */
  const succeeded = new Map();
  /** @type {Map<Job, Promise<void>>} */
  const running = new Map();
  const signals = watchSignals();

  /** @param {Job} job */
  const run = async (job) => {
    const before = performance.now();
    onBegin(job);
    const child = start(job, lanes > 1 ? `${job.name.padEnd(width)} │ ` : undefined);
    signals.children.add(child);
    const closed = once(child, 'close');
    const [status] = await once(child, 'exit');
    signals.children.delete(child);
    await Promise.race([closed, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    running.delete(job);
    succeeded.set(job.name, status === 0);
    const seconds = (performance.now() - before) / 1000;
    if (signals.received === undefined) onEnd({ job, begun: true, status, seconds });
  };

  while (signals.received === undefined && waiting.size > 0) {
    for (const job of waiting) {
      const ready = job.after === undefined || succeeded.get(job.after);
      if (ready === undefined || (ready && running.size >= lanes)) continue;
      waiting.delete(job);
      if (ready) running.set(job, run(job));
      else {
        succeeded.set(job.name, false);
        onEnd({ job, begun: false, status: null, seconds: 0 });
      }
    }
    if (running.size > 0) await Promise.race(running.values());
    else if (waiting.size > 0) throw new Error('The jobs that are left wait for each other.');
  }
  await Promise.all(running.values());
  signals.end();
}

/** @returns {import('node:child_process').ChildProcess} */
function start(/** @type {Job} */ { command, env }, /** @type {string | undefined} */ prefix) {
  const options = { cwd: ROOT, env: { ...process.env, ...env } };
  if (prefix === undefined) return spawn(process.execPath, command, { ...options, stdio: 'inherit' });
  const child = spawn(process.execPath, command, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  createInterface(child.stdout).on('line', (line) => process.stdout.write(`${prefix}${line}\n`));
  createInterface(child.stderr).on('line', (line) => process.stderr.write(`${prefix}${line}\n`));
  return child;
}

/** Ctrl-C reaches the children too, which end in good order; SIGTERM may be for this process alone. */
function watchSignals() {
  const signals = {
    /** @type {number | undefined} the first one's number */
    received: undefined,
    /** @type {Set<import('node:child_process').ChildProcess>} */
    children: new Set(),
    /** Ends this process, if there was one. */
    end() {
      process.off('SIGINT', onInt).off('SIGTERM', onTerm);
      if (signals.received !== undefined) process.exit(128 + signals.received);
    },
  };
  const onInt = () => void (signals.received ??= 2);
  const onTerm = () => {
    signals.received ??= 15;
    for (const child of signals.children) child.kill('SIGTERM');
  };
  process.on('SIGINT', onInt).on('SIGTERM', onTerm);
  return signals;
}
