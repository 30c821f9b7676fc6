/** An Airflow of the tests' own: its home, its database and what its DAGs write are in a folder that goes with it. */
import { execa } from 'execa';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { CLI } from '../../../scripts/lib/checkout.mjs';
import { writeMnistSubset } from '../../support/mnist-subset.js';

export const DAGS = fileURLToPath(new URL('../../../dags', import.meta.url));

export interface Airflow extends AsyncDisposable {
  readonly folder: string;
  /** Where the DAGs keep their runs. */
  readonly artifacts: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs `airflow ARGUMENTS` to its end. @throws with its output unless it succeeds */
  airflow(...args: readonly string[]): Promise<string>;
}

/** @param env for its tasks */
export async function createAirflow(env: Readonly<Record<string, string>> = {}): Promise<Airflow> {
  const python = pythonOf();
  const folder = await mkdtemp(join(tmpdir(), 'runner-airflow-'));
  const [data, bin, artifacts] = ['data', 'bin', 'artifacts'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [data, bin]) mkdirSync(path);
  writeMnistSubset(data, { train: 1000, test: 200 });
  writeFileSync(join(bin, 'runner'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, {
    mode: 0o755,
  });
  const all = {
    AIRFLOW_HOME: join(folder, 'home'),
    AIRFLOW__CORE__DAGS_FOLDER: DAGS,
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    RUNNER_DAGS_ARTIFACTS: artifacts,
    RUNNER_DATA_DIR: data,
    ...env,
  };
  const instance: Airflow = {
    ...{ folder, artifacts, env: all },
    async airflow(...args) {
      const { stdout } = await execa(python, ['-W', 'ignore', '-m', 'airflow', ...args], {
        env: all,
        timeout: 240_000,
      });
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

export function pythonOf(): string {
  const provided = inject('airflowPython');
  if ('lacking' in provided) throw new Error(provided.lacking);
  return provided.python;
}
