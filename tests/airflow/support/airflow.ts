/** Airflow for the tests: with the Python that the set-up provides, and few digits to train on. */
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { createAirflow as create, type AirflowHome } from '../../../scripts/lib/airflow/home.mjs';
import { startAirflow as start, type RunningAirflow } from '../../../scripts/lib/airflow/services.mjs';
import { writeMnistSubset } from '../../support/mnist-subset.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';

type Env = Readonly<Record<string, string>>;

export const TEST_DAGS = fileURLToPath(new URL('../dags', import.meta.url));

/** For `airflow` commands. @param env of its tasks */
export const createAirflow = (env: Env = {}): Promise<AirflowHome & AsyncDisposable> =>
  withDigits(env, (all) => create({ python: pythonOf(), env: all }));

/** With its services; its DAGs are those of this repository and of tests/airflow/dags. @param env of its tasks */
export const startAirflow = (env: Env): Promise<RunningAirflow> =>
  withDigits(env, (all) => start({ python: pythonOf(), env: all, moreDags: TEST_DAGS }));

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
