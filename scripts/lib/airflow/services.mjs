/**
 * An Airflow that runs: scheduler, dag-processor and api-server on sqlite, tasks by the LocalExecutor, unless the environment
 * that it is given says otherwise (celery-services.mjs).
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithProcess } from '../end-with-process.mjs';
import { freePort } from '../free-port.mjs';
import { connectApi } from './api.mjs';
import { airflowCommand, createAirflow, DAGS } from './home.mjs';
import { launchGroup, signalGroup } from '../process-group.mjs';
import { killAll, processesWith } from '../processes.mjs';

/** @typedef {import('./api.mjs').AirflowApi} AirflowApi */
/** @typedef {import('./api.mjs').DagRun & { readonly taskId: string, readonly attempt: number }} TaskTry */
/** @typedef {'api-server' | 'scheduler' | 'dag-processor'} ServiceName */
/**
 * @typedef {object} Services
 * @property {AirflowApi} api
 * @property {string} uri `http://127.0.0.1:PORT`, where nobody has to log in
 * @property {(service: ServiceName) => Promise<string>} log
 * @property {(task: TaskTry) => Promise<readonly { readonly timestamp: string, readonly event: string }[]>} taskLog what a
 *   try of a task has written
 */
/** @typedef {import('./home.mjs').AirflowHome & Services & AsyncDisposable} RunningAirflow */

/** @type {readonly (readonly [ServiceName, ...string[]])[]} */
const SERVICES = [['api-server'], ['scheduler', '--skip-serve-logs'], ['dag-processor']];
/**
 * By its value in their environment what tasks have started is found, which is in groups of its own. Airflow's own processes
 * give themselves titles, which takes their environment from /proc: these are found by their group.
 */
const MARK = 'RUNNER_AIRFLOW';
const READY_WITHIN_MS = 120_000;
const END_WITHIN_MS = 5_000;

/**
 * @param {object} options
 * @param {string} options.python of `ensureAirflow`
 * @param {Readonly<Record<string, string>>} options.env of its tasks
 * @param {string} [options.moreDags] folder of DAGs beside those of this repository
 * @returns {Promise<RunningAirflow>} when it has loaded them all
 */
export async function startAirflow({ python, env, moreDags }) {
  const [port, mark] = [await freePort(), randomUUID()];
  const dags = mkdtempSync(join(tmpdir(), 'runner-dags-'));
  for (const folder of [DAGS, ...(moreDags === undefined ? [] : [moreDags])])
    cpSync(folder, dags, { recursive: true, filter: isSource });
  const uri = `http://127.0.0.1:${port}`;
  /** @type {Map<ServiceName, import('node:child_process').ChildProcess>} */
  const children = new Map();
  const marked = () => processesWith(`${MARK}=${mark}`);
  const takeBack = endWithProcess(() => {
    for (const child of children.values()) signalGroup(child, 'SIGKILL');
    killAll(marked());
  });
  /** @type {import('./home.mjs').AirflowHome & AsyncDisposable | undefined} */
  let home;
  const dispose = async () => {
    await end(children, marked);
    takeBack();
    rmSync(dags, { recursive: true, force: true });
    await home?.[Symbol.asyncDispose]();
  };
  try {
    home = await createAirflow({
      python,
      env: { ...settings(uri, port), AIRFLOW__CORE__DAGS_FOLDER: dags, [MARK]: mark, ...env },
    });
    const { folder } = home;
    const logOf = (/** @type {ServiceName} */ service) => join(folder, `${service}.log`);
    for (const [name, ...args] of SERVICES) {
      const command = airflowCommand(home, name, ...args);
      children.set(name, launchGroup(...command, { env: home.env, log: logOf(name) }));
    }
    const log = (/** @type {ServiceName} */ service) => readFile(logOf(service), 'utf8');
    const api = await untilReady(uri, { children, log, dags });
    const taskLog = (/** @type {TaskTry} */ task) => readTaskLog(join(folder, 'home', 'logs'), task);
    return { ...home, api, uri, log, taskLog, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

const isSource = (/** @type {string} */ path) => !['artifacts', '__pycache__'].includes(basename(path));

/** @param {string} uri */
const settings = (uri, /** @type {number} */ port) => ({
  ...{ AIRFLOW__API__HOST: '127.0.0.1', AIRFLOW__API__PORT: `${port}`, AIRFLOW__API__WORKERS: '1' },
  AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `${uri}/execution/`,
  // Without it each service makes one of its own, and takes the others' tasks for strangers.
  AIRFLOW__API_AUTH__JWT_SECRET: randomBytes(32).toString('hex'),
  AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: 'True',
  ...{ AIRFLOW__CORE__EXECUTOR: 'LocalExecutor', AIRFLOW__CORE__PARALLELISM: '6' },
});

/**
 * Until the api-server answers and the DAGs of all files are there.
 * @param {string} uri
 * @param {{ children: ReadonlyMap<ServiceName, import('node:child_process').ChildProcess>, log: Services['log'], dags: string }} options
 */
async function untilReady(uri, { children, log, dags }) {
  const expected = readdirSync(dags).filter((name) => name.endsWith('_dag.py')).length;
  let last = 'it does not answer';
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until; await sleep(200)) {
    for (const [name, { exitCode, signalCode }] of children) {
      if (exitCode === null && signalCode === null) continue;
      throw new Error(`airflow ${name} ended with ${exitCode ?? signalCode}:\n${await log(name)}`);
    }
    try {
      const api = await connectApi(uri);
      const ids = await api.dagIds();
      if (ids.length === expected) return api;
      last = `of ${expected} DAGs there are ${ids.join(', ') || 'none'}`;
    } catch (error) {
      // Refused until it listens.
      last = String(error);
    }
  }
  throw new Error(`Airflow was not ready within ${READY_WITHIN_MS / 1000} s: ${last}`);
}

/** @param {string} logs */
async function readTaskLog(logs, /** @type {TaskTry} */ { dagId, runId, taskId, attempt }) {
  const folder = join(logs, `dag_id=${dagId}`, `run_id=${runId}`, `task_id=${taskId}`);
  const text = await readFile(join(folder, `attempt=${attempt}.log`), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => /** @type {{ timestamp: string, event: string }} */ (JSON.parse(line)));
}

/**
 * The scheduler waits for its tasks when it is asked to end: for one that trains without end it would for hours.
 * @param {ReadonlyMap<ServiceName, import('node:child_process').ChildProcess>} children
 * @param {() => readonly number[]} marked
 */
async function end(children, marked) {
  for (const child of children.values()) child.kill('SIGTERM');
  const until = Date.now() + END_WITHIN_MS;
  const isThere = () => [...children.values()].some((child) => signalGroup(child, 0)) || marked().length > 0;
  while (isThere() && Date.now() < until) await sleep(50);
  for (const child of children.values()) signalGroup(child, 'SIGKILL');
  // A group is there while nobody has buried its dead: these are not waited for.
  for (; marked().length > 0; await sleep(50)) killAll(marked());
}
