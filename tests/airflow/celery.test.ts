/**
 * The DAGs on Celery workers, each on a host of its own as far as names go: tasks spread over them, and workers are lost while
 * their tasks train.
 *
 * RUNNER_TEST_AIRFLOW_CELERY asks for it, and says how often each worker is lost: it takes minutes, and root, PostgreSQL and
 * Redis of the system's packages.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { DagRun } from '../../scripts/lib/airflow/api.mjs';
import { startCeleryServices, whyNoCelery } from '../../scripts/lib/airflow/celery-services.mjs';
import { CELERY_PINS, ensureAirflow, requirementsIn } from '../../scripts/lib/airflow/python.mjs';
import type { RunningAirflow } from '../../scripts/lib/airflow/services.mjs';
import { startWorker, type Worker } from '../../scripts/lib/airflow/worker.mjs';
import { testImage } from '../docker/support/image.js';
import { startMlflowServer, type MlflowServer } from '../tracking/support/mlflow-server.js';
import { trackingPython } from '../tracking/support/python.js';
import { CELERY_DAGS, startAirflow } from './support/airflow.js';
import { DagRunWatch, TRAIN, WITH_DOCKER, WITH_TENSORFLOW } from './support/dag-run-watch.js';

/** Long enough to lose a worker while it trains. */
const LONG = { MNIST_EPOCHS: 40, MNIST_EARLY_STOPPING: false, RUNNER_THREADS: 1 };
const SHORT = { MNIST_EPOCHS: 1, RUNNER_THREADS: 1 };
const HOSTS = ['worker-a', 'worker-b'] as const;
/** Airflow notices within half a minute here, waits for another, and the run of a lost host is free after two minutes. */
const WITHIN_MS = 600_000;
const ROUNDS = Number(process.env.RUNNER_TEST_AIRFLOW_CELERY ?? 0);

let services: AsyncDisposable;
let airflow: RunningAirflow;
let watch: DagRunWatch;
let mlflow: MlflowServer;
const workers = new Map<string, Worker & AsyncDisposable>();
/** Why none of this is done. */
let lacking: string | undefined;

beforeAll(async () => {
  const needed = [inject('testDaemon'), inject('airflowPython'), await trackingPython()] as const;
  lacking = whyNoCelery() ?? needed.flatMap((each) => ('lacking' in each ? [each.lacking] : []))[0];
  if (ROUNDS === 0)
    lacking = 'lost workers take minutes to be noticed: RUNNER_TEST_AIRFLOW_CELERY=1 asks for them';
  const [daemon, , tracking] = needed;
  if ('lacking' in daemon || 'lacking' in tracking || lacking !== undefined) return;
  const python = await ensureAirflow(requirementsIn(CELERY_PINS));
  const celery = await startCeleryServices();
  services = celery;
  mlflow = await startMlflowServer({ python: tracking.python });
  airflow = await startAirflow(
    {
      ...celery.env,
      ...{ DOCKER_HOST: daemon.dockerHost, MLFLOW_TRACKING_URI: mlflow.uri },
      // Minutes, by default.
      AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT: '20',
      AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL: '5',
    },
    { python, moreDags: CELERY_DAGS },
  );
  watch = new DagRunWatch(airflow);
  // So that no task has to build it, which takes a minute.
  await testImage();
  for (const host of HOSTS) await start(host);
});
beforeEach((test) => {
  if (lacking !== undefined) test.skip(lacking);
});
afterAll(async () => {
  const started = [...workers.values(), airflow, mlflow, services] as (AsyncDisposable | undefined)[];
  for (const each of started) await each?.[Symbol.asyncDispose]();
});

describe('DAG runs on two Celery workers', { timeout: (1 + ROUNDS) * WITHIN_MS }, () => {
  it('spread over both, and succeed; what is on a queue goes to the worker that serves it', async () => {
    const runs = dagRuns(WITH_TENSORFLOW, 'spread', 6);
    for (const run of runs) await watch.trigger(run, SHORT);
    const onQueue = { dagId: 'train_on_gpu_queue', runId: 'queue' };
    await watch.trigger(onQueue, {});
    for (const run of [...runs, onQueue]) await watch.untilEnded(run, 'success', WITHIN_MS);
    const hosts = await Promise.all(runs.map((run) => hostOf(run)));
    expect([...new Set(hosts)].sort()).toEqual(HOSTS);
    expect(await hostOf(onQueue, 'train')).toBe('worker-b');
    for (const run of runs) await expectOnce(run, [[expect.any(String), 'succeeded']]);
  });

  it('whose worker is killed go on without it, are followed from the other one, and are recorded once', async () => {
    for (const run of dagRuns(WITH_TENSORFLOW, 'worker-killed', ROUNDS)) {
      const trained = await watch.beginTraining(run, LONG);
      const host = await hostOf(run);
      workerOn(host).killGroup();
      await watch.untilEnded(run, 'success', WITHIN_MS);
      expect([(await watch.triesOf(run))[TRAIN], await hostOf(run)]).toEqual([2, otherThan(host)]);
      await expectOnce(run, [[trained, 'succeeded']]);
      await start(host);
    }
  });

  it('whose worker is lost with its host are taken over or trained anew on the other one, and are recorded once', async () => {
    // Both on one worker: the other one is not there yet.
    const [lost, other] = HOSTS;
    for (const inprocess of dagRuns(WITH_TENSORFLOW, 'host-lost', ROUNDS)) {
      const docker: DagRun = { ...inprocess, dagId: WITH_DOCKER };
      await start(lost);
      await workerOn(other)[Symbol.asyncDispose]();
      const trained = await watch.beginTraining(inprocess, LONG);
      const contained = await watch.beginTraining(docker, LONG);
      await workerOn(lost).loseHost();
      await start(other);
      for (const run of [inprocess, docker]) {
        await watch.untilEnded(run, 'success', WITHIN_MS);
        expect([(await watch.triesOf(run))[TRAIN], await hostOf(run)]).toEqual([2, other]);
      }
      await expectOnce(docker, [[contained, 'succeeded']]);
      await expectOnce(inprocess, [
        [trained, 'lost'],
        [expect.any(String), 'succeeded'],
      ]);
    }
  });
});

/** The second serves the queue `gpu`, too. */
async function start(host: string): Promise<void> {
  await workers.get(host)?.[Symbol.asyncDispose]();
  const queues = host === HOSTS[1] ? ['default', 'gpu'] : ['default', 'cpu'];
  workers.set(host, await startWorker(airflow, { host, queues, concurrency: 2 }));
}

function workerOn(host: string): Worker & AsyncDisposable {
  const worker = workers.get(host);
  if (worker === undefined) throw new Error(`there is no worker on ${host}`);
  return worker;
}

const otherThan = (host: string): string | undefined => HOSTS.find((name) => name !== host);

const dagRuns = (dagId: string, name: string, count: number): readonly DagRun[] =>
  Array.from({ length: count }, (_, index) => ({ dagId, runId: `${name}-${index + 1}` }));

/** Where a task was run, or is. */
async function hostOf(run: DagRun, taskId = TRAIN): Promise<string> {
  return (await airflow.api.tasks(run))[taskId]?.host ?? '';
}

const expectOnce = (run: DagRun, trainings: readonly (readonly [string, string])[]): Promise<string> =>
  watch.expectRecordedOnce(run, trainings, mlflow.uri);
