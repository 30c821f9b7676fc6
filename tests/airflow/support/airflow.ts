/** Airflow for the tests: with the Python that the set-up provides, and few digits to train on. */
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { createAirflow as create, type AirflowHome } from '../../../scripts/lib/airflow/home.mjs';
import { startAirflow as start, type RunningAirflow } from '../../../scripts/lib/airflow/services.mjs';
import { writeMnistSubset } from '../../support/mnist-subset.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';

type Env = Readonly<Record<string, string>>;

export const TEST_DAGS = fileURLToPath(new URL('../dags', import.meta.url));
export const CELERY_DAGS = fileURLToPath(new URL('../celery-dags', import.meta.url));

/** For `airflow` commands. @param env of its tasks */
export const createAirflow = (env: Env = {}): Promise<AirflowHome & AsyncDisposable> =>
  withDigits(env, (all) => create({ python: pythonOf(), env: all }));

export interface AirflowOptions {
  /** Of `ensureAirflow`, with what the environment has it use; the one that the set-up provides by default. */
  readonly python?: string;
  /** Folder of DAGs beside those of this repository; tests/airflow/dags by default. */
  readonly moreDags?: string;
}

/** With its services. @param env of its tasks */
export const startAirflow = (
  env: Env,
  { python = pythonOf(), moreDags = TEST_DAGS }: AirflowOptions = {},
): Promise<RunningAirflow> => withDigits(env, (all) => start({ python, env: all, moreDags }));

async function withDigits<A extends AsyncDisposable>(env: Env, make: (env: Env) => Promise<A>): Promise<A> {
  const data = temporaryDirectory();
  try {
    writeMnistSubset(data.path, { train: 1000, test: 200 });
    const airflow = await make({ RUNNER_DATA_DIR: data.path, ...env });
    const dispose = async (): Promise<void> => {
      await airflow[Symbol.asyncDispose]();
      data[Symbol.dispose]();
    };
    return { ...airflow, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    data[Symbol.dispose]();
    throw error;
  }
}

export function pythonOf(): string {
  const provided = inject('airflowPython');
  if ('lacking' in provided) throw new Error(provided.lacking);
  return provided.python;
}
