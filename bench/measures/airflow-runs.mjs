/**
 * DAG runs of mnist_cnn_training_train_with_docker and of a DAG of DockerOperator with the same image, command and data, in turns
 * on one Airflow. What the container took is what the daemon says of it: from its start to its end.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runRounds } from '../lib/rounds.mjs';

const LONGEST_MS = 600_000;
const OURS = {
  dagId: 'mnist_cnn_training_train_with_docker',
  trainTask: 'train_mnist_tf_script',
  evaluateTask: 'evaluate_mnist_tf_script',
};
const THEIRS = { dagId: 'docker_operator', trainTask: 'train' };

/**
 * @param {object} context with `airflow`, running, `docker`, and `peerFolder`, which that DAG has as BENCH_FOLDER
 * @returns as `runRounds`; of each DAG run its milliseconds, those of its container and its tasks, and the rest: in all, without
 *   a task that evaluates (DockerOperator's container does that itself), and of the training's task
 */
export async function measureAirflowRuns(context) {
  const { airflow, epochs, threads, peerFolder } = context;
  const conf = { MNIST_EPOCHS: epochs, MNIST_EARLY_STOPPING: false, MNIST_SEED: 42, RUNNER_THREADS: threads };
  for (const { dagId } of [OURS, THEIRS]) await airflow.api.unpause(dagId);
  let number = 0;
  let plan;
  const ours = async () => {
    const run = { dagId: OURS.dagId, runId: `ours-${(number += 1)}` };
    const folder = join(airflow.artifacts, run.dagId, run.runId);
    const result = await time(context, { ...OURS, run, conf });
    plan ??= { ...planOf(folder), evaluate: true };
    rmSync(folder, { recursive: true });
    return result;
  };
  const theirs = async () => {
    const run = { dagId: THEIRS.dagId, runId: `theirs-${(number += 1)}` };
    const folder = join(peerFolder, run.runId);
    for (const name of ['in/data', 'out']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'in', 'plan.json'), JSON.stringify(plan));
    // The image's user is none of this machine's.
    chmodSync(join(folder, 'out'), 0o777);
    const result = await time(context, { ...THEIRS, run, conf: {} });
    rmSync(folder, { recursive: true });
    return result;
  };
  return runRounds(
    [
      { name: 'runner', warmUp: ours, run: ours },
      { name: 'DockerOperator', warmUp: theirs, run: theirs },
    ],
    {
      ...context,
      describe: ({ runMs, containerMs }) =>
        `${(runMs / 1000).toFixed(1)} s, its container ${(containerMs / 1000).toFixed(1)} s`,
    },
  );
}

/** The settings of the one run in a folder, for a container of somebody else's. */
function planOf(folder) {
  const [runId] = readdirSync(folder).filter((name) => /^\d{8}-/.test(name));
  const spec = JSON.parse(readFileSync(join(folder, runId, 'spec.json'), 'utf8'));
  return { schemaVersion: 1, runId, spec, dataDir: '/in/data' };
}

async function time({ airflow, docker, signal }, { trainTask, evaluateTask, run, conf }) {
  const since = Date.now();
  await airflow.api.trigger(run, conf);
  const { startedAt, endedAt } = await untilSuccess(airflow, run, signal);
  const tasks = await airflow.api.tasks(run);
  const taskMs = Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [name, task.endedAt - task.startedAt]),
  );
  const [runMs, containerMs] = [endedAt - startedAt, await containerTime(docker, since)];
  const [overheadMs, trainOverheadMs] = [runMs - containerMs, taskMs[trainTask] - containerMs];
  const withoutEvaluationMs = overheadMs - (taskMs[evaluateTask] ?? 0);
  return { runMs, containerMs, overheadMs, withoutEvaluationMs, trainOverheadMs, taskMs };
}

/** @throws Error with the states of the tasks unless it succeeds */
async function untilSuccess(airflow, run, signal) {
  for (const until = Date.now() + LONGEST_MS; Date.now() < until; await sleep(500, undefined, { signal })) {
    const dagRun = await airflow.api.dagRun(run);
    if (dagRun.state === 'success') return dagRun;
    if (dagRun.state === 'failed') break;
  }
  throw new Error(`${run.runId} has not succeeded: ${JSON.stringify(await airflow.api.tasks(run))}`);
}

/** Of all containers that have ended since, by the daemon's own record. */
async function containerTime(docker, sinceMs) {
  const stream = await docker.getEvents({
    since: (sinceMs / 1000).toFixed(3),
    until: (Date.now() / 1000).toFixed(3),
    filters: { type: ['container'], event: ['start', 'die'] },
  });
  let text = '';
  for await (const chunk of stream) text += chunk;
  const times = { start: new Map(), die: new Map() };
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const { Action: what, Actor: container, timeNano } = JSON.parse(line);
    times[what].set(container.ID, timeNano / 1e6);
  }
  return [...times.die].reduce((sum, [id, end]) => sum + end - times.start.get(id), 0);
}
