/**
 * The images of Airflow and of its MLflow, of the sources as they are, on stand-ins for the images that they take from a registry.
 * Layers that have not changed are the daemon's already.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBase } from '../../../runtimes/docker/image/base.js';
import { ROOT } from '../../../scripts/lib/checkout.mjs';
import { dockerHost } from '../../support/docker.js';
import { installNode } from '../../support/other-nodes.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';
import {
  asFlags,
  buildStandIns,
  docker,
  registryArgs,
  STAND_INS,
  writeAuthorities,
  type StandIn,
} from '../stand-ins/build.mjs';
import { testConnection } from './image.js';

/** Of Dockerfile.airflow-custom; @returns its name */
export async function buildAirflowImage(): Promise<string> {
  await makeStandIns(['node', 'airflow']);
  execFileSync('npm', ['run', '--silent', 'package'], { cwd: ROOT, stdio: 'pipe' });
  using context = temporaryDirectory();
  for (const name of ['Dockerfile.airflow-custom', '.dockerignore', 'dags', 'docker/airflow']) {
    cpSync(join(ROOT, name), join(context.path, name), { recursive: true });
  }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  copyFileSync(join(ROOT, `runner-${version}.tgz`), join(context.path, `runner-${version}.tgz`));
  writeAuthorities(join(context.path, 'docker', 'airflow', 'authorities'));
  const file = join(context.path, 'Dockerfile.airflow-custom');
  const bases = { BASE: STAND_INS.airflow, NODE: STAND_INS.node };
  return build('runner-test/airflow-custom:3.3.2', ['--file', file], bases, context.path);
}

/** Of compose/mlflow/Dockerfile; @returns its name */
export async function buildMlflowImage(): Promise<string> {
  await makeStandIns(['python']);
  const bases = { BASE: STAND_INS.python };
  return build('runner-test/mlflow:3.17.2', [], bases, join(ROOT, 'compose', 'mlflow'));
}

/** What the stack takes as it is; @returns their names */
export async function makeStandIns<N extends StandIn>(names: readonly N[]): Promise<Record<N, string>> {
  const base = await ensureBase(await testConnection(), 'node:22-bookworm-slim', {
    ...{ env: process.env, packageDir: ROOT, signal: new AbortController().signal },
    ...{ onProgress: () => undefined, onNotice: () => undefined },
  });
  const node = await installNode('22.23.3');
  buildStandIns({ dockerHost: dockerHost(), base: base.name, node, names });
  return STAND_INS;
}

function build(
  image: string,
  flags: readonly string[],
  bases: Readonly<Record<string, string>>,
  context: string,
): string {
  const args = asFlags({ ...bases, ...registryArgs() });
  docker(dockerHost(), ['build', '--network', 'host', '--tag', image, ...flags, ...args, context]);
  return image;
}
