/** A Celery worker of an Airflow, on a host of its own as far as names go: what runs on another one cannot be asked whether it lives. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithProcess } from '../end-with-process.mjs';
import { launchGroup, signalGroup } from '../process-group.mjs';
import { descendantsOf, killAll, processesWith } from '../processes.mjs';
import { airflowCommand } from './home.mjs';

/**
 * @typedef {object} Worker
 * @property {string} host what Airflow knows it by
 * @property {() => Promise<string>} log
 * @property {() => void} killGroup SIGKILL to its process group: what its tasks have started is in groups of its own, and goes on
 * @property {() => Promise<void>} loseHost SIGKILL to all that was ever started on it, as when its machine is lost
 */

const MARK = 'RUNNER_AIRFLOW_WORKER';
const READY_WITHIN_MS = 120_000;

/**
 * @param {Pick<import('./home.mjs').AirflowHome, 'python' | 'env' | 'folder'>} airflow
 * @param {{ host: string, queues: readonly string[], concurrency: number }} options
 * @returns {Promise<Worker & AsyncDisposable>} when it takes tasks
 */
export async function startWorker(airflow, { host, queues, concurrency }) {
  const mark = randomUUID();
  const file = (/** @type {string} */ ending) =>
    join(airflow.folder, `${host}-${mark.slice(0, 8)}.${ending}`);
  const args = ['celery', 'worker', '--queues', queues.join(','), '--concurrency', `${concurrency}`];
  // Its logs are on the same disk as the api-server's.
  args.push('--celery-hostname', `celery@${host}`, '--skip-serve-logs', '--pid', file('pid'));
  args.push('--without-gossip', '--without-mingle');
  const [program, before] = airflowCommand(airflow, ...args);
  const child = launchGroup(
    'unshare',
    ['--uts', 'sh', '-c', `hostname ${host} && exec "$@"`, 'sh', program, ...before],
    {
      log: file('log'),
      env: { ...airflow.env, [MARK]: mark, AIRFLOW__CORE__HOSTNAME_CALLABLE: 'socket.gethostname' },
    },
  );
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const log = () => readFile(file('log'), 'utf8');
  const marked = () => processesWith(`${MARK}=${mark}`);
  const killGroup = () => void signalGroup(child, 'SIGKILL');
  const loseHost = async () => {
    // Airflow's own processes in groups of their own have no environment in /proc, but a parent while that lives.
    if (child.pid !== undefined && isRunning()) killAll([child.pid, ...descendantsOf(child.pid)]);
    killGroup();
    for (; marked().length > 0; await sleep(20)) killAll(marked());
  };
  const takeBack = endWithProcess(() => {
    killGroup();
    killAll(marked());
  });
  const dispose = async () => {
    await loseHost();
    takeBack();
  };
  try {
    for (const until = Date.now() + READY_WITHIN_MS; ; await sleep(200)) {
      if (/celery@\S+ ready/.test(await log())) break;
      if (isRunning() && Date.now() < until) continue;
      throw new Error(`the worker of ${host} takes no tasks:\n${await log()}`);
    }
    return { host, log, killGroup, loseHost, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
