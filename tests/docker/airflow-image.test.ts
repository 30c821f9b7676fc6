/**
 * Dockerfile.airflow-custom, built on stand-ins for the images that it takes from a registry (tests/docker/stand-ins), and a DAG
 * run in it. Takes minutes and 3 GB of disk the first time, so RUNNER_TEST_AIRFLOW_IMAGE=1 asks for it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, copyFileSync, readdirSync, readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { ensureBase } from '../../runtimes/docker/image/base.js';
import { ROOT } from '../../scripts/lib/checkout.mjs';
import { dockerHost } from '../support/docker.js';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { installNode } from '../support/other-nodes.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import {
  asFlags,
  buildStandIns,
  docker,
  registryArgs,
  STAND_INS,
  writeAuthorities,
} from './stand-ins/build.mjs';
import { testConnection } from './support/image.js';

const IMAGE = 'runner-test/airflow-custom:3.3.2';
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
  await build();
  using folder = temporaryDirectory();
  const dags = join(folder.path, 'dags');
  mkdirSync(join(dags, 'digits'), { recursive: true });
  writeMnistSubset(join(dags, 'digits'), { train: 600, test: 100 });
  writeFileSync(join(dags, 'smoke.py'), DAG);
  execFileSync('chmod', ['-R', 'a+rwX', folder.path]);
  const script = 'id -u; airflow db migrate >/dev/null 2>&1 && airflow dags test smoke 2>&1 | tail -20';
  const output = docker(dockerHost(), [
    ...['run', '--rm', '--network', 'none', '--volume', `${dags}:/opt/airflow/dags`, IMAGE],
    ...['bash', '-ec', script],
  ]);
  expect(output).toMatch(/^50000\n/);
  expect(output).toContain('state=success');
  const result = JSON.parse(readFileSync(join(dags, 'result.json'), 'utf8')) as Record<string, unknown>;
  expect(result).toMatchObject({ status: 'succeeded' });
  const [run = ''] = readdirSync(join(dags, 'artifacts'));
  expect(readdirSync(join(dags, 'artifacts', run, 'artifacts', 'metrics'))).toContain('train_curve.png');
}, 1_800_000);

/** Of the sources as they are; layers that have not changed are the daemon's already. */
async function build(): Promise<void> {
  const base = await ensureBase(await testConnection(), 'node:22-bookworm-slim', {
    ...{ env: process.env, packageDir: ROOT, signal: new AbortController().signal },
    ...{ onProgress: () => undefined, onNotice: () => undefined },
  });
  const node = await installNode('22.23.3');
  buildStandIns({ dockerHost: dockerHost(), base: base.name, node, names: ['node', 'airflow'] });
  execFileSync('npm', ['run', '--silent', 'package'], { cwd: ROOT, stdio: 'pipe' });
  using context = temporaryDirectory();
  for (const name of ['Dockerfile.airflow-custom', '.dockerignore', 'dags', 'docker/airflow']) {
    cpSync(join(ROOT, name), join(context.path, name), { recursive: true });
  }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  copyFileSync(join(ROOT, `runner-${version}.tgz`), join(context.path, `runner-${version}.tgz`));
  writeAuthorities(join(context.path, 'docker', 'airflow', 'authorities'));
  docker(
    dockerHost(),
    [
      ...['build', '--network', 'host', '--tag', IMAGE, '--file', 'Dockerfile.airflow-custom'],
      ...asFlags({ BASE: STAND_INS.airflow, NODE: STAND_INS.node, ...registryArgs() }),
      '.',
    ],
    { cwd: context.path },
  );
}
