/**
 * The DAGs on an Airflow that runs: the guide's own commands, a tracking server that is down, and tasks that are stopped while
 * they train.
 *
 * RUNNER_TEST_AIRFLOW_FAULTS: how often each goes wrong. With more than once, how long tasks took to stop is told.
 */
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import type { DagRun } from '../../scripts/lib/airflow/api.mjs';
import type { RunningAirflow } from '../../scripts/lib/airflow/services.mjs';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { testImage } from '../docker/support/image.js';
import { runJson } from '../support/runner.js';
import { startFaultProxy, type FaultProxy } from '../tracking/support/fault-proxy.js';
import { startMlflowServer, type MlflowServer } from '../tracking/support/mlflow-server.js';
import { trackingPython } from '../tracking/support/python.js';
import { startAirflow } from './support/airflow.js';
import { DagRunWatch, TRAIN, WITH_DOCKER, WITH_TENSORFLOW } from './support/dag-run-watch.js';
import { Figures } from './support/figures.js';
import { recordedRuns } from './support/recorded.js';
import { runIds, statusOf } from './support/runs.js';
import { until } from './support/until.js';

const ENDLESS = { MNIST_EPOCHS: 100_000, MNIST_EARLY_STOPPING: false, RUNNER_THREADS: 1 };
const SHORT = { MNIST_EPOCHS: 1, RUNNER_THREADS: 1 };
const ROUNDS = Number(process.env.RUNNER_TEST_AIRFLOW_FAULTS ?? 1);

let airflow: RunningAirflow;
let watch: DagRunWatch;
let mlflow: MlflowServer;
/** Stands before it, and says that it is not there while it is `down`. */
let proxy: FaultProxy;
let down = true;
/** What this machine has not, if there is no Airflow. */
let lacking: string | undefined;
const figures = new Figures();

beforeAll(async () => {
  const needed = [inject('testDaemon'), inject('airflowPython'), await trackingPython()] as const;
  lacking = needed.flatMap((each) => ('lacking' in each ? [each.lacking] : []))[0];
  const [daemon, , tracking] = needed;
  if ('lacking' in daemon || 'lacking' in tracking || lacking !== undefined) return;
  const [port, python] = [await freePort(), tracking.python];
  const faultOf = () => (down ? ('maintenance' as const) : undefined);
  proxy = await startFaultProxy({ target: `http://127.0.0.1:${port}`, faultOf });
  const env = {
    ...{ DOCKER_HOST: daemon.dockerHost, MLFLOW_TRACKING_URI: proxy.uri },
    // Trainings that have no end are to leave something of the machine to the rest.
    RUNNER_CPUS: '0.5',
  };
  const starting = [
    startMlflowServer({ python, port }).then((started) => (mlflow = started)),
    startAirflow(env).then((started) => (watch = new DagRunWatch((airflow = started)))),
    // So that no task has to build it, which takes a minute.
    testImage(),
  ];
  await Promise.allSettled(starting);
  await Promise.all(starting);
});
afterAll(async () => {
  for (const started of [airflow, proxy, mlflow] as (AsyncDisposable | undefined)[])
    await started?.[Symbol.asyncDispose]();
  if (ROUNDS > 1) console.log(figures.render());
});

describe.concurrent('a DAG run on a scheduler', { timeout: 450_000 + 150_000 * ROUNDS }, () => {
  it('by the guide’s commands fails while MLflow is down, and is recorded once and trained once, whatever is cleared', async (test) => {
    requireAirflow(test);
    for (const [round, run] of dagRuns(WITH_TENSORFLOW, 'guide').entries()) {
      const { dagId, runId } = run;
      down = true;
      await airflow.airflow('dags', 'unpause', dagId);
      await airflow.airflow('dags', 'trigger', dagId, '--run-id', runId, '--conf', JSON.stringify(SHORT));
      await until('a recording that failed', async () => {
        const { log_to_mlflow: task } = await airflow.api.tasks(run);
        return task?.state === 'up_for_retry' || undefined;
      });
      expect(await statesByCommand(run)).toEqual({
        [TRAIN]: 'success',
        evaluate_mnist_tf_script: 'success',
        log_to_mlflow: 'up_for_retry',
      });
      await airflow.api.markFailed(run, 'log_to_mlflow');
      await watch.untilEnded(run, 'failed');
      const asked = await airflow.airflow('dags', 'list-runs', dagId, '--output', 'json');
      expect(JSON.parse(asked)).toContainEqual(expect.objectContaining({ run_id: runId, state: 'failed' }));

      down = false;
      const env = { MLFLOW_TRACKING_URI: proxy.uri };
      const { exitCode } = await runJson(['sync', '--runs-dir', watch.folderOf(run)], { env });
      const recorded = await recordedRuns(mlflow.uri);
      expect([exitCode, recorded.length]).toEqual([0, round + 1]);

      await airflow.api.clear(run, 'log_to_mlflow');
      await watch.untilEnded(run, 'success');
      const trained = await airflow.api.result(run, TRAIN);
      await airflow.api.clear(run, TRAIN);
      await until('the training to be told again', async () => {
        const { [TRAIN]: task } = await airflow.api.tasks(run);
        return (task?.attempt === 2 && task.state === 'success') || undefined;
      });
      expect(await airflow.api.result(run, TRAIN)).toEqual(trained);
      expect(runIds(watch.folderOf(run))).toHaveLength(1);
      await watch.untilEnded(run, 'success');
      expect(await recordedRuns(mlflow.uri)).toEqual(recorded);
    }
  });

  it('whose task is marked failed while it trains has neither its container nor a process left', async (test) => {
    requireAirflow(test);
    for (const run of dagRuns(WITH_DOCKER, 'marked')) {
      const trained = await watch.beginTraining(run, ENDLESS);
      const askedAt = Date.now();
      await airflow.api.markFailed(run, TRAIN);
      const goneAt = await watch.untilGone(run, trained, 1);
      figures.add('marked failed, docker', { askedAt, goneAt, signalledAt: await signalledAt(run, TRAIN) });
      expect(statusOf(watch.folderOf(run), trained)).toBe('cancelled');
      await watch.untilEnded(run, 'failed');
      expect(await watch.statesOf(run)).toEqual({
        [TRAIN]: 'failed',
        evaluate_mnist_tf_script: 'upstream_failed',
        log_to_mlflow: 'upstream_failed',
      });
    }
    await expectEndedWhenAsked();
  });

  it('whose task is cleared while it trains ends that training, and begins another', async (test) => {
    requireAirflow(test);
    for (const run of dagRuns(WITH_TENSORFLOW, 'cleared')) {
      const first = await watch.beginTraining(run, ENDLESS);
      const askedAt = Date.now();
      await airflow.api.clear(run, TRAIN);
      const goneAt = await watch.untilGone(run, first, 1);
      figures.add('cleared, inprocess', { askedAt, goneAt, signalledAt: await signalledAt(run, TRAIN) });
      const second = await watch.untilTraining(run, [first]);
      await airflow.api.markFailed(run, TRAIN);
      await watch.untilGone(run, second, 2);
      expect(watch.trainings(run)).toEqual([
        [first, 'cancelled'],
        [second, 'cancelled'],
      ]);
      await watch.untilEnded(run, 'failed');
    }
    await expectEndedWhenAsked();
  });

  it('whose task runs out of its time while it trains has neither its container nor a process left', async (test) => {
    requireAirflow(test);
    for (const run of dagRuns('train_out_of_time', 'late')) {
      const trained = await watch.beginTraining(run, {});
      await watch.untilEnded(run, 'failed');
      const goneAt = await watch.untilGone(run, trained, 1);
      figures.add('out of time, docker', { goneAt, signalledAt: await signalledAt(run, 'train') });
      expect(statusOf(watch.folderOf(run), trained)).toBe('cancelled');
    }
    await expectEndedWhenAsked();
  });

  it('whose task’s process is killed goes on, and the next try follows that training, and ends it when it is stopped', async (test) => {
    requireAirflow(test);
    for (const run of dagRuns(WITH_DOCKER, 'killed')) {
      const trained = await watch.beginTraining(run, ENDLESS);
      process.kill(watch.taskProcessOf(run), 'SIGKILL');
      await until('the next try to follow', async () => {
        const lines = await airflow.taskLog({ ...run, taskId: TRAIN, attempt: 2 }).catch(() => []);
        return lines.some(({ event }) => event.includes(`Run ${trained} has the key`)) || undefined;
      });
      const askedAt = Date.now();
      await airflow.api.markFailed(run, TRAIN);
      const goneAt = await watch.untilGone(run, trained);
      figures.add('killed, followed, marked failed, docker', {
        ...{ askedAt, goneAt, signalledAt: await signalledAt(run, TRAIN, 2) },
      });
      expect(watch.trainings(run)).toEqual([[trained, 'cancelled']]);
    }
    await expectEndedWhenAsked();
  });
});

function requireAirflow(test: TestContext): void {
  if (lacking !== undefined) test.skip(lacking);
}

const dagRuns = (dagId: string, name: string): readonly DagRun[] =>
  Array.from({ length: ROUNDS }, (_, round) => ({ dagId, runId: `${name}-${round + 1}` }));

/** When Airflow asked a try of a task to end. */
async function signalledAt(run: DagRun, taskId: string, attempt = 1): Promise<number> {
  const lines = await airflow.taskLog({ ...run, taskId, attempt });
  const line = lines.find(({ event }) => event === 'Sending SIGTERM signal to process group');
  return Date.parse(line?.timestamp ?? 'never');
}

/** As the guide asks for them. */
async function statesByCommand({ dagId, runId }: DagRun): Promise<Readonly<Record<string, string>>> {
  const args = ['tasks', 'states-for-dag-run', dagId, runId, '--output', 'json'];
  const states = JSON.parse(await airflow.airflow(...args)) as { task_id: string; state: string }[];
  return Object.fromEntries(states.map(({ task_id, state }) => [task_id, state]));
}

/** Airflow gives a task five seconds after SIGTERM, and says so when it has to kill it. */
async function expectEndedWhenAsked(): Promise<void> {
  expect(await airflow.log('scheduler')).not.toContain('did not terminate in time');
}
