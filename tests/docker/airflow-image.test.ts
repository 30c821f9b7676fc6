/**
 * Dockerfile.airflow-custom, built on stand-ins for the images that it takes from a registry (tests/docker/stand-ins), and a DAG
 * run in it. Takes minutes and 3 GB of disk the first time, so RUNNER_TEST_AIRFLOW_IMAGE=1 asks for it.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { dockerHost } from '../support/docker.js';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { docker } from './stand-ins/build.mjs';
import { buildAirflowImage } from './support/airflow-images.js';

const DAG = `
from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("smoke", schedule=None, start_date=datetime(2026, 1, 1), catchup=False):
    BashOperator(
        task_id="train",
        bash_command="runner train --no-track --epochs 1 --threads 1 --data-dir /opt/airflow/dags/digits "
        "--runs-dir /opt/airflow/dags/artifacts --json >/opt/airflow/dags/result.json",
    )
`;

beforeEach((test) => {
  if (process.env.RUNNER_TEST_AIRFLOW_IMAGE) return;
  test.skip('the image of Airflow takes minutes to build: RUNNER_TEST_AIRFLOW_IMAGE=1 asks for it');
});

it('a DAG run trains in the image without a network, as Airflow’s user, and pip is not asked', async () => {
  const image = await buildAirflowImage();
  using folder = temporaryDirectory();
  const dags = join(folder.path, 'dags');
  mkdirSync(join(dags, 'digits'), { recursive: true });
  writeMnistSubset(join(dags, 'digits'), { train: 600, test: 100 });
  writeFileSync(join(dags, 'smoke.py'), DAG);
  execFileSync('chmod', ['-R', 'a+rwX', folder.path]);
  const script = 'id -u; airflow db migrate >/dev/null 2>&1 && airflow dags test smoke 2>&1 | tail -20';
  const output = docker(dockerHost(), [
    ...['run', '--rm', '--network', 'none', '--volume', `${dags}:/opt/airflow/dags`, image],
    ...['bash', '-ec', script],
  ]);
  expect(output).toMatch(/^50000\n/);
  expect(output).toContain('state=success');
  const result = JSON.parse(readFileSync(join(dags, 'result.json'), 'utf8')) as Record<string, unknown>;
  expect(result).toMatchObject({ status: 'succeeded' });
  const [run = ''] = readdirSync(join(dags, 'artifacts'));
  expect(readdirSync(join(dags, 'artifacts', run, 'artifacts', 'metrics'))).toContain('train_curve.png');
}, 1_800_000);
