/** An Airflow of one's own: its home, its database and what its DAGs write are in a folder that goes with it. */
import { execa } from 'execa';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { CLI, ROOT } from '../checkout.mjs';

export const DAGS = join(ROOT, 'dags');

/**
 * @typedef {object} AirflowHome
 * @property {string} folder
 * @property {string} artifacts where the DAGs keep their runs
 * @property {Readonly<Record<string, string>>} env
 * @property {string} python
 * @property {(...args: readonly string[]) => Promise<string>} airflow runs `airflow ARGUMENTS` to its end; throws with its
 *   output unless it succeeds
 */

const COMMAND_MS = 240_000;
/**
 * Seconds for which a writer waits for another to be done: SQLite has one at a time, and the scheduler of a busy machine may be
 * it for longer than Python's default of 5, after which the api-server answers 500.
 */
const DATABASE_BUSY_S = 60;

/**
 * @param {Pick<AirflowHome, 'python'>} home
 * @param {readonly string[]} args
 * @returns {[string, string[]]} program and arguments of `airflow ARGUMENTS`
 */
export const airflowCommand = ({ python }, ...args) => [python, ['-W', 'ignore', '-m', 'airflow', ...args]];

/**
 * Makes its database. The tasks find this checkout's `runner` on PATH.
 * @param {object} options
 * @param {string} options.python of `ensureAirflow`
 * @param {Readonly<Record<string, string>>} [options.env] of all that it runs
 * @returns {Promise<AirflowHome & AsyncDisposable>}
 */
export async function createAirflow({ python, env: given = {} }) {
  const folder = await mkdtemp(join(tmpdir(), 'runner-airflow-'));
  const [bin, artifacts] = [join(folder, 'bin'), join(folder, 'artifacts')];
  mkdirSync(bin);
  writeFileSync(join(bin, 'runner'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, {
    mode: 0o755,
  });
  const env = {
    AIRFLOW_HOME: join(folder, 'home'),
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: `sqlite:///${join(folder, 'airflow.db')}?timeout=${DATABASE_BUSY_S}`,
    AIRFLOW__CORE__DAGS_FOLDER: DAGS,
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    RUNNER_DAGS_ARTIFACTS: artifacts,
    ...given,
  };
  const instance = {
    ...{ folder, artifacts, env, python },
    async airflow(/** @type {string[]} */ ...args) {
      const command = airflowCommand({ python }, ...args);
      const { stdout } = await execa(...command, { env, timeout: COMMAND_MS });
      return stdout;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  try {
    await instance.airflow('db', 'migrate');
    return instance;
  } catch (error) {
    await instance[Symbol.asyncDispose]();
    throw error;
  }
}
