/**
 * What goes wrong around DAG runs that are to succeed all the same: `runner` killed with its task, and a Docker daemon, a tracking
 * server and an artifact store that are stopped and started again.
 *
 * RUNNER_TEST_AIRFLOW_FAULTS: how often each goes wrong; a minute or more a time, since Airflow waits before it tries again.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { DagRun } from '../../scripts/lib/airflow/api.mjs';
import type { RunningAirflow } from '../../scripts/lib/airflow/services.mjs';
import { testImage } from '../docker/support/image.js';
import { requireOwnDaemon, restartDaemon } from '../support/docker.js';
import { runJson } from '../support/runner.js';
import { startMlflowServer, type MlflowServer } from '../tracking/support/mlflow-server.js';
import { trackingPython } from '../tracking/support/python.js';
import { ADMIN, BUCKET, startSeaweed, type Seaweed } from '../tracking/support/seaweed.js';
import { startAirflow } from './support/airflow.js';
import { DagRunWatch, LOG, TRAIN, WITH_DOCKER, WITH_TENSORFLOW } from './support/dag-run-watch.js';
import { artifacts } from './support/recorded.js';
import { readJson } from './support/runs.js';
import { until } from './support/until.js';

/** Long enough to be killed while it trains. */
const LONG = { MNIST_EPOCHS: 30, MNIST_EARLY_STOPPING: false, RUNNER_THREADS: 1 };
const SHORT = { MNIST_EPOCHS: 1, RUNNER_THREADS: 1 };
const ROUNDS = Number(process.env.RUNNER_TEST_AIRFLOW_FAULTS ?? 0);
/** Of a whole DAG run, on a busy machine. */
const WITHIN_MS = 300_000;

let airflow: RunningAirflow;
let watch: DagRunWatch;
let mlflow: MlflowServer;
let seaweed: Seaweed;
let python: string;
/** Why none of this is done. */
let lacking: string | undefined;

beforeAll(async () => {
  const needed = [inject('testDaemon'), inject('airflowPython'), await trackingPython()] as const;
  lacking = needed.flatMap((each) => ('lacking' in each ? [each.lacking] : []))[0];
  if (ROUNDS === 0) lacking = 'faults take minutes: RUNNER_TEST_AIRFLOW_FAULTS=1 asks for them';
  const [daemon, , tracking] = needed;
  if ('lacking' in daemon || 'lacking' in tracking || lacking !== undefined) return;
  ({ python } = tracking);
  seaweed = await startSeaweed({ python });
  mlflow = await startMlflowServer(serverOptions());
  airflow = await startAirflow({ DOCKER_HOST: daemon.dockerHost, MLFLOW_TRACKING_URI: mlflow.uri });
  watch = new DagRunWatch(airflow);
  // So that no task has to build it, which takes a minute.
  await testImage();
});
beforeEach((test) => {
  if (lacking !== undefined) test.skip(lacking);
});
afterAll(async () => {
  for (const started of [airflow, mlflow, seaweed] as (AsyncDisposable | undefined)[])
    await started?.[Symbol.asyncDispose]();
});

describe.concurrent('a DAG run whose runner is killed with its task', { timeout: ROUNDS * WITHIN_MS }, () => {
  it('goes on with the container that is still there, and is recorded once', async () => {
    for (const run of dagRuns(WITH_DOCKER, 'killed-docker')) {
      const trained = await disturbTraining(run, () => watch.killTask(run));
      await expectOnce(run, [[trained, 'succeeded']]);
    }
  });

  it('trains anew where the trainer has died with it, and is recorded once', async () => {
    for (const run of dagRuns(WITH_TENSORFLOW, 'killed-inprocess')) {
      const trained = await disturbTraining(run, () => watch.killTask(run));
      await expectOnce(run, [
        [trained, 'lost'],
        [expect.any(String), 'succeeded'],
      ]);
    }
  });
});

describe('a DAG run succeeds, and is recorded once,', { timeout: ROUNDS * WITHIN_MS }, () => {
  it('when the Docker daemon is stopped and started while it trains', async (test) => {
    requireOwnDaemon(test);
    for (const run of dagRuns(WITH_DOCKER, 'daemon')) {
      const trained = await disturbTraining(run, restartDaemon);
      expect(readJson(join(watch.folderOf(run), trained, 'outcome.json'))).toMatchObject({
        error: { code: 'daemon-restarted' },
      });
      await expectOnce(run, [
        [trained, 'failed'],
        [expect.any(String), 'succeeded'],
      ]);
    }
  });

  it('when MLflow is down at its end, and up again before Airflow gives up', async () => {
    for (const run of dagRuns(WITH_TENSORFLOW, 'mlflow')) {
      await mlflow.stop();
      await watch.trigger(run, SHORT);
      await until('a recording that failed', async () => {
        const { [LOG]: task } = await airflow.api.tasks(run);
        return task?.state === 'up_for_retry' || undefined;
      });
      mlflow = await startMlflowServer({ ...serverOptions(), folder: mlflow.folder, port: mlflow.port });
      await watch.untilEnded(run, 'success', WITHIN_MS);
      expect(await watch.triesOf(run)).toEqual({ [TRAIN]: 1, evaluate_mnist_tf_script: 1, [LOG]: 2 });
      await expectOnce(run, [[expect.any(String), 'succeeded']]);
    }
  });

  it('when SeaweedFS is down, and what it lacks is sent later', async () => {
    for (const run of dagRuns(WITH_TENSORFLOW, 'seaweed')) {
      await seaweed.stop();
      await watch.trigger(run, SHORT);
      await watch.untilEnded(run, 'success', WITHIN_MS);
      const [[trained] = ['']] = watch.trainings(run);
      const id = await expectOnce(run, [[trained, 'succeeded']]);
      expect(readdirSync(join(watch.folderOf(run), trained, 'artifacts', 'eval'))).toContain(
        'sample_predictions.png',
      );
      seaweed = await startSeaweed({ python, folder: seaweed.folder, port: seaweed.port });
      const env = { MLFLOW_TRACKING_URI: mlflow.uri };
      expect(await runJson(['sync', '--runs-dir', watch.folderOf(run)], { env })).toMatchObject({
        exitCode: 0,
      });
      expect(await artifacts(mlflow.uri, id, 'eval')).toContain('eval/sample_predictions.png');
      expect(await expectOnce(run, [[trained, 'succeeded']])).toBe(id);
    }
  });
});

const serverOptions = () => ({
  python,
  artifactsDestination: `s3://${BUCKET}/artifacts`,
  env: { MLFLOW_S3_ENDPOINT_URL: seaweed.endpoint, ...ADMIN, AWS_MAX_ATTEMPTS: '1' },
});

const dagRuns = (dagId: string, name: string): readonly DagRun[] =>
  Array.from({ length: ROUNDS }, (_, round) => ({ dagId, runId: `${name}-${round + 1}` }));

/** Does something to a run while it trains, which Airflow then tries once more. @returns id of the training so disturbed */
async function disturbTraining(run: DagRun, disturb: () => unknown): Promise<string> {
  const trained = await watch.beginTraining(run, LONG);
  await disturb();
  await watch.untilEnded(run, 'success', WITHIN_MS);
  expect(await watch.triesOf(run)).toEqual({ [TRAIN]: 2, evaluate_mnist_tf_script: 1, [LOG]: 1 });
  return trained;
}

const expectOnce = (run: DagRun, trainings: readonly (readonly [string, string])[]): Promise<string> =>
  watch.expectRecordedOnce(run, trainings, mlflow.uri);
