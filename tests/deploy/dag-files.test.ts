/** What can be said of the DAG files without running them. */
import { execa } from 'execa';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DAGS } from '../../scripts/lib/airflow/home.mjs';
import { createAirflow, pythonOf, TEST_DAGS } from '../airflow/support/airflow.js';
import '../airflow/support/skip-without-airflow.js';

const DAG_IDS = [
  'mnist_cnn_compare',
  'mnist_cnn_training_train_with_docker',
  'mnist_cnn_training_train_with_tensorflow',
];

describe('the DAG files', () => {
  it('are loaded by Airflow without an error, each with the tasks of its name, and without runner', async () => {
    await using airflow = await createAirflow({ PATH: '/usr/bin:/bin' });
    await airflow.airflow('dags', 'reserialize');
    expect(JSON.parse(await airflow.airflow('dags', 'list-import-errors', '-o', 'json'))).toEqual([]);
    const dags = JSON.parse(await airflow.airflow('dags', 'list', '-o', 'json')) as { dag_id: string }[];
    expect(dags.map(({ dag_id }) => dag_id).sort()).toEqual(DAG_IDS);
    const tasks = await airflow.airflow('tasks', 'list', 'mnist_cnn_training_train_with_tensorflow');
    expect(tasks.split('\n').sort()).toEqual([
      'evaluate_mnist_tf_script',
      'log_to_mlflow',
      'train_mnist_tf_script',
    ]);
  });

  it('import nothing but Airflow, their own helpers and the standard library', async () => {
    const program = `
import sys, runpy
import airflow.sdk, airflow.providers.standard.operators.bash, airflow.providers.standard.operators.python
# What Airflow itself loads late is not theirs.
airflow.sdk.DAG('warm', schedule=None)
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
for name in ("ml_mnist_cnn_train_with_tensorflow", "ml_mnist_cnn_train_with_docker", "ml_mnist_cnn_compare"):
    runpy.run_path(f"{sys.argv[1]}/{name}_dag.py")
new = {name.split(".")[0] for name in set(sys.modules) - before}
print(",".join(sorted(new - set(sys.stdlib_module_names) - {"airflow"})))
`;
    const { stdout } = await execa(pythonOf(), ['-c', program, DAGS], {
      env: { AIRFLOW_HOME: '/nonexistent', PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(stdout).toBe('runner_dags');
  });

  it('are as ruff and its rules for Airflow want them', async () => {
    const ruff = join(dirname(pythonOf()), 'packages', 'bin', 'ruff');
    const options = ['--no-cache', '--line-length', '120', '--target-version', 'py39'];
    await execa(ruff, ['check', ...options, '--select', 'AIR,F,E,I,B', '--ignore', 'E501', DAGS, TEST_DAGS]);
    await execa(ruff, ['format', '--check', ...options, DAGS, TEST_DAGS]);
  });
});
