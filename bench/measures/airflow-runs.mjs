/**
 * DAG runs of mnist_cnn_training_train_with_docker and of DAGs of DockerOperator with the same image, command and data, in
 * turns on one Airflow. Who trains and evaluates is called a trainer here: a container, from its start to its end by the
 * daemon's record, or the part of `runner evaluate` that reads the data, loads TensorFlow, evaluates and draws, by its own
 * phases in the run's events. All else is what a DAG run takes besides.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runRounds } from '../lib/rounds.mjs';

const LONGEST_MS = 600_000;
const OURS = 'mnist_cnn_training_train_with_docker';
/** By what they are called in the report. */
const PEERS = {
  DockerOperator: { dagId: 'docker_operator', evaluate: false },
  'DockerOperator, two tasks': { dagId: 'docker_operator_two_tasks', evaluate: true },
};
/** Of all DAGs alike, whatever they call their tasks. */
const ROLES = [/^train/, /^evaluate/, /^log/];

/**
 * @param {object} context with `airflow`, running, `docker`, and `peerFolder`, which the other DAGs have as BENCH_FOLDER
 * @returns as `runRounds`; of each DAG run its milliseconds, those of its trainers, the rest (`overheadMs`), and what of
 *   that is spent in each task (`besideMs`: of training, evaluation and recording) and between them (`betweenMs`)
 */
export async function measureAirflowRuns(context) {
  const { airflow, epochs, threads, peerFolder } = context;
  const conf = { MNIST_EPOCHS: epochs, MNIST_EARLY_STOPPING: false, MNIST_SEED: 42, RUNNER_THREADS: threads };
  for (const dagId of [OURS, ...Object.values(PEERS).map((peer) => peer.dagId)])
    await airflow.api.unpause(dagId);
  let number = 0;
  let plan;
  const ours = async () => {
    const run = { dagId: OURS, runId: `run-${(number += 1)}` };
    const folder = join(airflow.artifacts, run.dagId, run.runId);
    const result = await time(context, run, conf, () => evaluationIn(runFolderIn(folder)));
    plan ??= planOf(runFolderIn(folder));
    rmSync(folder, { recursive: true });
    return result;
  };
  const theirs =
    ({ dagId, evaluate }) =>
    async () => {
      const run = { dagId, runId: `run-${(number += 1)}` };
      const folder = join(peerFolder, run.runId);
      for (const name of ['in/data', 'out']) mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, 'in', 'plan.json'), JSON.stringify({ ...plan, evaluate }));
      // The image's user is none of this machine's.
      chmodSync(join(folder, 'out'), 0o777);
      const result = await time(context, run, {}, () => []);
      rmSync(folder, { recursive: true });
      return result;
    };
  const contestants = { runner: ours };
  for (const [name, peer] of Object.entries(PEERS)) contestants[name] = theirs(peer);
  return runRounds(
    Object.entries(contestants).map(([name, run]) => ({ name, warmUp: run, run })),
    {
      ...context,
      describe: ({ runMs, trainersMs }) =>
        `${(runMs / 1000).toFixed(1)} s, its trainers ${(trainersMs / 1000).toFixed(1)} s`,
    },
  );
}

/** Of the one run among those of a DAG run. */
function runFolderIn(folder) {
  const [runId] = readdirSync(folder).filter((name) => /^\d{8}-/.test(name));
  return join(folder, runId);
}

/** The settings of a run, for a container of somebody else's. */
function planOf(runDir) {
  const spec = JSON.parse(readFileSync(join(runDir, 'spec.json'), 'utf8'));
  return { schemaVersion: 1, runId: 'docker-operator', spec, dataDir: '/in/data' };
}

/** What `runner evaluate` has told of its own work, after the run had ended. */
function evaluationIn(runDir) {
  const { endedAt } = JSON.parse(readFileSync(join(runDir, 'outcome.json'), 'utf8'));
  return readFileSync(join(runDir, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type, state, t }) => type === 'phase' && state === 'end' && t > endedAt)
    .map(({ t, ms }) => ({ startedAt: t - ms, ms }));
}

async function time({ airflow, docker, signal }, run, conf, inTheWorker) {
  const since = Date.now();
  await airflow.api.trigger(run, conf);
  const { startedAt, endedAt } = await untilSuccess(airflow, run, signal);
  const tasks = await airflow.api.tasks(run);
  const trainers = [...(await containersSince(docker, since)), ...inTheWorker()];
  const besideMs = ROLES.map((role) => besideOf(tasks, role, trainers));
  const runMs = endedAt - startedAt;
  const trainersMs = sum(trainers.map(({ ms }) => ms));
  const inTasksMs = sum(Object.values(tasks).map((task) => task.endedAt - task.startedAt));
  return { runMs, trainersMs, overheadMs: runMs - trainersMs, besideMs, betweenMs: runMs - inTasksMs };
}

/** What a task takes besides its trainers, or null of a DAG that has no such task. */
function besideOf(tasks, role, trainers) {
  const [, task] = Object.entries(tasks).find(([name]) => role.test(name)) ?? [];
  if (task === undefined) return null;
  const its = trainers.filter(({ startedAt }) => startedAt > task.startedAt && startedAt < task.endedAt);
  return task.endedAt - task.startedAt - sum(its.map(({ ms }) => ms));
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** @throws Error with the states of the tasks unless it succeeds */
async function untilSuccess(airflow, run, signal) {
  for (const until = Date.now() + LONGEST_MS; Date.now() < until; await sleep(500, undefined, { signal })) {
    const dagRun = await airflow.api.dagRun(run);
    if (dagRun.state === 'success') return dagRun;
    if (dagRun.state === 'failed') break;
  }
  throw new Error(`${run.dagId} has not succeeded: ${JSON.stringify(await airflow.api.tasks(run))}`);
}

/** Those that have ended since, by the daemon's own record. */
async function containersSince(docker, sinceMs) {
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
  return [...times.die].map(([id, end]) => {
    const startedAt = times.start.get(id);
    return { startedAt, ms: end - startedAt };
  });
}
