/**
 * The stack of compose/ as it is, but on stand-ins for the images of a registry (tests/docker/stand-ins): Airflow with a Celery
 * worker, PostgreSQL, Redis, MLflow and SeaweedFS, brought up by Docker Compose, and DAG runs on it.
 *
 * RUNNER_TEST_AIRFLOW_STACK=1 asks for it: minutes, 6 GB of disk, 3 GB of memory, and the stack's own ports.
 */
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { cpSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { connectApi, type AirflowApi } from '../../scripts/lib/airflow/api.mjs';
import { ROOT } from '../../scripts/lib/checkout.mjs';
import { artifacts, recordedRuns } from '../airflow/support/recorded.js';
import { runIds } from '../airflow/support/runs.js';
import { until } from '../airflow/support/until.js';
import { composeFor } from '../support/docker-compose.js';
import { dockerEnv, dockerHost, requireOwnDaemon } from '../support/docker.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { docker } from './stand-ins/build.mjs';
import { buildAirflowImage, buildMlflowImage, makeStandIns } from './support/airflow-images.js';

const DAG = 'mnist_cnn_training_train_with_tensorflow';
const TASKS = ['evaluate_mnist_tf_script', 'log_to_mlflow', 'train_mnist_tf_script'];
const MLFLOW = 'http://127.0.0.1:5000';
const PORTS = [8080, 5000, 8333];
/** Eight Pythons load Airflow at once. */
const HEALTHY_WITHIN_S = 900;
const RUN_WITHIN_MS = 600_000;
const SEAWEEDFS = ['seaweedfs-s3', 'seaweedfs-filer', 'seaweedfs-volume', 'seaweedfs-master'];

const AIRFLOW = ['dag-processor', 'scheduler', 'triggerer', 'webserver', 'worker'].map(
  (name) => `airflow-${name}`,
);
const HEALTHY = {
  ...Object.fromEntries(
    [...AIRFLOW, 'mlflow', 'postgres', 'redis', ...SEAWEEDFS].map((service) => [service, 'healthy']),
  ),
  ...{ 'airflow-init': 'ended with 0', 'seaweedfs-bucket': 'ended with 0' },
};

interface Stack extends AsyncDisposable {
  readonly folder: string;
  /** Of .env. */
  readonly settings: Readonly<Record<string, string>>;
  compose(...args: string[]): Promise<string>;
}

let stack: Stack | undefined;
let api: AirflowApi;

beforeEach(async (test) => {
  if (!process.env.RUNNER_TEST_AIRFLOW_STACK)
    test.skip('the whole stack takes minutes: RUNNER_TEST_AIRFLOW_STACK=1 asks for it');
  requireOwnDaemon(test);
  if (stack !== undefined) return;
  for (const port of PORTS) if (!(await isFree(port))) test.skip(`port ${port} of this machine is in use`);
  stack = await createStack(test);
}, 1_800_000);
afterAll(() => stack?.[Symbol.asyncDispose]());

describe('the stack of compose/', () => {
  it('becomes healthy, and is brought up once more without harm', async () => {
    await up();
    expect(await states()).toEqual(HEALTHY);
    await up();
    expect(await states()).toEqual(HEALTHY);
  }, 2_400_000);

  it('has a DAG run done by the worker, recorded in MLflow, with its artifacts in SeaweedFS', async () => {
    await connect();
    const folder = await runDag('up');
    const worker = ofDocker('inspect', '--format', '{{.Config.Hostname}}', 'airflow-worker');
    const tasks = await api.tasks({ dagId: DAG, runId: 'up' });
    expect(
      Object.entries(tasks)
        .map(([task, { state, attempt, host }]) => [task, state, attempt, host])
        .sort(),
    ).toEqual(TASKS.map((task) => [task, 'success', 1, worker]));
    const [trained = ''] = runIds(folder);
    const recorded = await recordedRuns(MLFLOW);
    expect(recorded.map(({ tags }) => tags['runner.run_id'])).toEqual([trained]);
    const { id } = recorded[0]!;
    expect(await artifacts(MLFLOW, id, 'eval')).toContain('eval/sample_predictions.png');
    const curve = 'metrics/train_curve.png';
    expect(await stored(`/${id}/artifacts/${curve}`)).toEqual(
      readFileSync(join(folder, trained, 'artifacts', curve)),
    );
  }, 900_000);

  it('has one done while SeaweedFS is down, whose artifacts stay in dags/artifacts', async () => {
    await compose('stop', ...SEAWEEDFS);
    await runDag('down');
    const result = (await api.result({ dagId: DAG, runId: 'down' }, 'log_to_mlflow')) as object;
    expect(result).toMatchObject({ artifacts: `/opt/airflow/dags/artifacts/${DAG}/down` });
    expect(await recordedRuns(MLFLOW)).toHaveLength(2);
  }, 900_000);
});

async function createStack(test: TestContext): Promise<Stack> {
  const program = await composeFor(test);
  const images = {
    AIRFLOW_IMAGE: await buildAirflowImage(),
    MLFLOW_IMAGE: await buildMlflowImage(),
    ...(({ postgres, redis, seaweedfs }) => ({
      ...{ POSTGRES_IMAGE: postgres, REDIS_IMAGE: redis, SEAWEEDFS_IMAGE: seaweedfs },
    }))(await makeStandIns(['postgres', 'redis', 'seaweedfs'])),
  };
  const folder = temporaryDirectory();
  const isSource = (path: string): boolean => !['.env', 'artifacts', '__pycache__'].includes(basename(path));
  for (const name of ['compose', 'dags'])
    cpSync(join(ROOT, name), join(folder.path, name), { recursive: true, filter: isSource });
  const cwd = join(folder.path, 'compose');
  await execa('sh', ['make-env.sh'], { cwd });
  const lines = readFileSync(join(cwd, '.env'), 'utf8').matchAll(/^(\w+)=(.*)$/gm);
  const files = ['-f', 'docker-compose.yml', '-f', 'docker-compose-mlops.yml'];
  const run = async (...args: string[]): Promise<string> => {
    const { stdout } = await execa(program, [...files, ...args], { cwd, env: { ...dockerEnv(), ...images } });
    return stdout;
  };
  return {
    folder: folder.path,
    settings: Object.fromEntries([...lines].map(([, name, value]) => [name!, value!])),
    compose: run,
    [Symbol.asyncDispose]: async () => {
      await run('down', '--volumes', '--timeout', '20');
      folder[Symbol.dispose]();
    },
  };
}

function there(): Stack {
  if (stack === undefined) throw new Error('there is no stack');
  return stack;
}

const compose = (...args: string[]): Promise<string> => there().compose(...args);

/** @throws with the ends of the services' logs, where one does not become healthy */
async function up(): Promise<void> {
  try {
    const wait = ['--wait', '--wait-timeout', `${HEALTHY_WITHIN_S}`];
    await compose('up', '--detach', '--no-build', '--pull', 'never', ...wait);
  } catch (error) {
    throw new Error(await compose('logs', '--no-color', '--tail', '20'), { cause: error });
  }
}

/** By service: its health, or how it has ended. */
async function states(): Promise<Readonly<Record<string, string>>> {
  const lines = (await compose('ps', '--all', '--format', 'json')).split('\n');
  const services = lines.map(
    (line) => JSON.parse(line) as { Service: string; State: string; Health: string; ExitCode: number },
  );
  return Object.fromEntries(
    services.map(({ Service, State, Health, ExitCode }) => [
      Service,
      State === 'exited' ? `ended with ${ExitCode}` : Health,
    ]),
  );
}

/** To the api-server, as the user whom make-env.sh has given a password, when all DAGs are loaded. */
async function connect(): Promise<void> {
  const { AIRFLOW_ADMIN_USER: username = '', AIRFLOW_ADMIN_PASSWORD: password = '' } = there().settings;
  api = await connectApi('http://127.0.0.1:8080', { username, password });
  await until('three DAGs', async () => (await api.dagIds()).length === 3 || undefined);
}

/** @returns the folder of its runs */
async function runDag(runId: string): Promise<string> {
  await api.unpause(DAG);
  await api.trigger({ dagId: DAG, runId }, { MNIST_EPOCHS: 1, RUNNER_THREADS: 1 });
  const ended = async (): Promise<string | undefined> => {
    const { state } = await api.dagRun({ dagId: DAG, runId });
    return ['success', 'failed'].includes(state) ? state : undefined;
  };
  expect(await until(`${runId} to end`, ended, { everyMs: 1000, withinMs: RUN_WITHIN_MS })).toBe('success');
  return join(there().folder, 'dags', 'artifacts', DAG, runId);
}

const ofDocker = (...args: string[]): string => docker(dockerHost(), args).trim();

/** The one object of MLflow's bucket whose key ends so, read with the keys for people. */
async function stored(ending: string): Promise<Buffer> {
  const { S3_ADMIN_ACCESS_KEY: accessKeyId = '', S3_ADMIN_SECRET_KEY: secretAccessKey = '' } =
    there().settings;
  const client = new S3Client({
    ...{ endpoint: 'http://127.0.0.1:8333', region: 'us-east-1', forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey },
  });
  try {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'mlflow' }));
    const keys = Contents.flatMap(({ Key = '' }) => (Key.endsWith(ending) ? [Key] : []));
    expect(keys).toHaveLength(1);
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'mlflow', Key: keys[0] }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  } finally {
    client.destroy();
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const server = createServer();
    server.once('error', () => answer(false));
    server.listen(port, '127.0.0.1', () => server.close(() => answer(true)));
  });
