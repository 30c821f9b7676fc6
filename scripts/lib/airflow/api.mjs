/** What a person does on Airflow's pages, by the REST API that these use. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/**
 * @typedef {{ readonly dagId: string, readonly runId: string }} DagRun
 * @typedef {object} TaskState
 * @property {string | null} state null for one that has none yet
 * @property {number} attempt from 1 on
 * @property {number | undefined} startedAt milliseconds since the epoch, of the latest try
 * @property {number | undefined} endedAt
 * @property {string | undefined} host name of the worker's machine
 */

const time = z
  .string()
  .nullable()
  .transform((text) => (text === null ? undefined : Date.parse(text)));
const SCHEMAS = {
  token: z.object({ access_token: z.string() }),
  dags: z.object({ dags: z.array(z.object({ dag_id: z.string() })) }),
  dagRun: z.object({ state: z.string(), start_date: time, end_date: time }),
  tasks: z.object({
    task_instances: z.array(
      z.object({
        ...{ task_id: z.string(), state: z.string().nullable(), try_number: z.number() },
        ...{ start_date: time, end_date: time },
        hostname: z.string().nullable(),
      }),
    ),
  }),
  xcom: z.object({ value: z.unknown() }),
};

/** @typedef {Awaited<ReturnType<typeof connectApi>>} AirflowApi */

/**
 * @param {string} uri
 * @param {{ readonly username: string, readonly password: string }} [login] not needed where everybody is an administrator
 * @throws where it does not answer, or does not let one in
 */
export async function connectApi(uri, login) {
  const request = login && { method: 'POST', body: login };
  const { access_token: key } = SCHEMAS.token.parse(await ask(`${uri}/auth/token`, request));
  const api = (
    /** @type {string} */ path,
    method = 'GET',
    /** @type {object | undefined} */ body = undefined,
  ) => ask(`${uri}/api/v2/${path}`, { method, key, body });
  const pathOf = (/** @type {DagRun} */ { dagId, runId }) =>
    `dags/${dagId}/dagRuns/${encodeURIComponent(runId)}`;
  return {
    async dagIds() {
      return SCHEMAS.dags.parse(await api('dags')).dags.map(({ dag_id }) => dag_id);
    },
    async unpause(/** @type {string} */ dagId) {
      await api(`dags/${dagId}`, 'PATCH', { is_paused: false });
    },
    async trigger(/** @type {DagRun} */ { dagId, runId }, /** @type {object} */ conf) {
      await api(`dags/${dagId}/dagRuns`, 'POST', { dag_run_id: runId, logical_date: null, conf });
    },
    /** State: `queued`, `running`, `success`, `failed`; times in milliseconds since the epoch. */
    async dagRun(/** @type {DagRun} */ run) {
      const { state, start_date, end_date } = SCHEMAS.dagRun.parse(await api(pathOf(run)));
      return { state, startedAt: start_date, endedAt: end_date };
    },
    /** By task. */
    async tasks(/** @type {DagRun} */ run) {
      const { task_instances } = SCHEMAS.tasks.parse(await api(`${pathOf(run)}/taskInstances`));
      /** @type {Record<string, TaskState>} */
      const tasks = {};
      for (const { task_id, state, try_number: attempt, start_date, end_date, hostname } of task_instances)
        tasks[task_id] = {
          state,
          attempt,
          startedAt: start_date,
          endedAt: end_date,
          host: hostname || undefined,
        };
      return tasks;
    },
    async markFailed(/** @type {DagRun} */ run, /** @type {string} */ taskId) {
      await api(`${pathOf(run)}/taskInstances/${taskId}`, 'PATCH', { new_state: 'failed' });
    },
    /** This task alone, whatever its state. */
    async clear(/** @type {DagRun} */ { dagId, runId }, /** @type {string} */ taskId) {
      const which = { dag_run_id: runId, task_ids: [taskId], only_failed: false };
      await api(`dags/${dagId}/clearTaskInstances`, 'POST', { ...which, dry_run: false });
    },
    /** What a task has returned. */
    async result(/** @type {DagRun} */ run, /** @type {string} */ taskId) {
      const entry = `${pathOf(run)}/taskInstances/${taskId}/xcomEntries/return_value`;
      return SCHEMAS.xcom.parse(await api(entry)).value;
    },
  };
}

/** SQLite has one writer at a time: a request that comes between another's read and write is undone, and told so. */
const DATABASE_BUSY = /"reason":\s*"Database error"/;
const ASKED_AT_MOST = 20;
const ASK_AGAIN_MS = 500;

/**
 * Again while the database is busy: nothing of such a request has been done.
 * @param {string} url
 * @param {{ method?: string, key?: string, body?: object | undefined } | undefined} [request]
 * @returns {Promise<unknown>}
 * @throws with the answer unless it is a success
 */
async function ask(url, { method = 'GET', key, body } = {}) {
  for (let time = 1; ; time += 1) {
    const response = await fetch(url, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    if (response.status !== 500 || !DATABASE_BUSY.test(text) || time === ASKED_AT_MOST)
      throw new Error(`${method} ${url}: ${response.status} ${text}`);
    await sleep(ASK_AGAIN_MS);
  }
}
