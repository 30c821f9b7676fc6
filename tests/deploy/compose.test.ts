/** The compose files, as Docker Compose itself reads them. Nothing is started, and no daemon is asked. */
import { execa } from 'execa';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, type TestContext } from 'vitest';
import { ROOT } from '../../scripts/lib/checkout.mjs';
import { composeFor } from '../support/docker-compose.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';

async function config(
  test: TestContext,
  files: readonly string[],
  { prepared = true, env = {} }: { prepared?: boolean; env?: Record<string, string> } = {},
) {
  const compose = await composeFor(test);
  using folder = temporaryDirectory();
  cpSync(join(ROOT, 'compose'), folder.path, { recursive: true, filter: (path) => !path.endsWith('/.env') });
  if (prepared) await execa('sh', ['make-env.sh'], { cwd: folder.path });
  const args = [...files.flatMap((name) => ['-f', name]), 'config', '--format', 'json'];
  const { exitCode, stdout, stderr } = await execa(compose, args, { cwd: folder.path, env, reject: false });
  return {
    exitCode,
    stdout,
    stderr,
    dotenv: prepared ? readFileSync(join(folder.path, '.env'), 'utf8') : '',
  };
}

interface Config {
  readonly services: Record<
    string,
    {
      readonly environment?: Record<string, string>;
      readonly group_add?: readonly string[];
      readonly volumes?: readonly { readonly source: string; readonly target: string }[];
    }
  >;
}

it('both stacks are one project, complete with what make-env.sh writes', async (test) => {
  const { stdout, stderr, dotenv } = await config(test, ['docker-compose.yml', 'docker-compose-mlops.yml']);
  expect(stderr).toBe('');
  const { services } = JSON.parse(stdout) as Config;
  expect(Object.keys(services).sort()).toEqual([
    ...[
      'airflow-dag-processor',
      'airflow-init',
      'airflow-scheduler',
      'airflow-triggerer',
      'airflow-webserver',
    ],
    ...['airflow-worker', 'mlflow', 'postgres', 'redis', 'seaweedfs-bucket', 'seaweedfs-filer'],
    ...['seaweedfs-master', 'seaweedfs-s3', 'seaweedfs-volume'],
  ]);
  const secrets = [...dotenv.matchAll(/^(\w*(?:PASSWORD|SECRET|FERNET)\w*)=(.*)$/gm)].map(
    ([, , value]) => value!,
  );
  expect(new Set(secrets).size).toBe(secrets.length);
  for (const secret of secrets) expect(secret).toMatch(/^[\w=-]{40,}$/);
});

it('nothing starts without .env, and what is missing is named', async (test) => {
  const { exitCode, stderr } = await config(test, ['docker-compose-mlops.yml'], { prepared: false });
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('required variable AIRFLOW_JWT_SECRET is missing a value: run make-env.sh');
});

it.for([
  ['docker-tls.yml', { DOCKER_TLS_HOST: 'trainers', DOCKER_CERTIFICATES: '/keys' }, 'tcp://trainers:2376'],
  [
    'docker-ssh.yml',
    { DOCKER_SSH_HOST: 'runner@trainers', DOCKER_SSH_FOLDER: '/ssh' },
    'ssh://runner@trainers',
  ],
  ['docker-socket.yml', { DOCKER_GID: '999' }, 'unix:///var/run/docker.sock'],
] as const)(
  'with %s the worker reaches a Docker daemon, and no other service does',
  async ([name, env, host], test) => {
    const { stdout } = await config(test, ['docker-compose-mlops.yml', name], { env });
    const { services } = JSON.parse(stdout) as Config;
    const reaching = Object.entries(services).filter(
      ([, { environment = {} }]) => 'DOCKER_HOST' in environment,
    );
    expect(reaching.map(([service]) => service)).toEqual(['airflow-worker']);
    const { environment, volumes = [] } = services['airflow-worker']!;
    expect(environment).toMatchObject({ DOCKER_HOST: host, MLFLOW_TRACKING_URI: 'http://mlflow:5000' });
    const others = Object.entries(services).filter(([service]) => service !== 'airflow-worker');
    const sockets = others
      .flatMap(([, service]) => service.volumes ?? [])
      .filter(({ target }) => target.includes('docker'));
    expect(sockets.filter(({ target }) => !target.startsWith('/docker-entrypoint'))).toEqual([]);
    expect(volumes.length).toBeGreaterThan(2);
  },
);
