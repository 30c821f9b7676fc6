/** What the tests do to DAG runs on an Airflow that runs, and wait for. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { DagRun } from '../../../scripts/lib/airflow/api.mjs';
import type { RunningAirflow } from '../../../scripts/lib/airflow/services.mjs';
import { killAll, parentOf, processesWith } from '../../../scripts/lib/processes.mjs';
import { ourLeftovers } from '../../support/docker.js';
import { recordedRuns, type RecordedRun } from './recorded.js';
import { isTraining, runIds, statusOf } from './runs.js';
import { until } from './until.js';

export const WITH_TENSORFLOW = 'mnist_cnn_training_train_with_tensorflow';
export const WITH_DOCKER = 'mnist_cnn_training_train_with_docker';
export const TRAIN = 'train_mnist_tf_script';
export const LOG = 'log_to_mlflow';

export class DagRunWatch {
  constructor(private readonly airflow: RunningAirflow) {}

  folderOf({ dagId, runId }: DagRun): string {
    return join(this.airflow.artifacts, dagId, runId);
  }

  /** Each training of a DAG run, oldest first, and how it has ended. */
  trainings(run: DagRun): readonly (readonly [string, unknown])[] {
    const folder = this.folderOf(run);
    return runIds(folder).map((id) => [id, statusOf(folder, id)]);
  }

  async trigger(run: DagRun, conf: object): Promise<void> {
    await this.airflow.api.unpause(run.dagId);
    await this.airflow.api.trigger(run, conf);
  }

  /** @returns the id of the run that trains */
  async beginTraining(run: DagRun, conf: object): Promise<string> {
    await this.trigger(run, conf);
    return this.untilTraining(run);
  }

  /** @param others trainings of it that are not meant */
  untilTraining(run: DagRun, others: readonly string[] = []): Promise<string> {
    const folder = this.folderOf(run);
    return until(`${run.runId} to train`, () =>
      runIds(folder).find((id) => !others.includes(id) && isTraining(folder, id)),
    );
  }

  untilEnded(run: DagRun, state: 'success' | 'failed', withinMs?: number): Promise<true> {
    const ask = async () => (await this.airflow.api.dagRun(run)).state === state || undefined;
    return until(`${run.runId} to be ${state}`, ask, withinMs === undefined ? {} : { withinMs });
  }

  /** @returns when neither a container nor a volume of a training was left, and no process of that try of a task */
  untilGone({ runId }: DagRun, trained: string, attempt?: number): Promise<number> {
    const which = attempt === undefined ? [] : [`AIRFLOW_CTX_TRY_NUMBER=${attempt}`];
    const task = [`AIRFLOW_CTX_DAG_RUN_ID=${runId}`, ...which];
    return until(
      `nothing to be left of ${trained}`,
      async () => {
        const { containers, volumes } = await ourLeftovers();
        const left = [...containers, ...volumes].filter((name) => name.includes(trained));
        return left.length === 0 && processesWith(...task).length === 0 ? Date.now() : undefined;
      },
      { everyMs: 25 },
    );
  }

  /** Airflow's own process of the one task that runs of this run id, whichever its DAG: what it has started has another for a parent. */
  taskProcessOf({ runId }: DagRun): number {
    const started = processesWith(`AIRFLOW_CTX_DAG_RUN_ID=${runId}`);
    const parents = started.map(parentOf).filter((pid) => pid !== undefined && !started.includes(pid));
    expect(parents).toHaveLength(1);
    return parents[0]!;
  }

  /** SIGKILL to the one task that runs and to all that it has started, `runner` and its trainer too. */
  killTask(run: DagRun): void {
    killAll([...processesWith(`AIRFLOW_CTX_DAG_RUN_ID=${run.runId}`), this.taskProcessOf(run)]);
  }

  async statesOf(run: DagRun): Promise<Readonly<Record<string, string | null>>> {
    const states = Object.entries(await this.airflow.api.tasks(run));
    return Object.fromEntries(states.map(([task, { state }]) => [task, state]));
  }

  /** How often each task was tried. */
  async triesOf(run: DagRun): Promise<Readonly<Record<string, number>>> {
    const tasks = Object.entries(await this.airflow.api.tasks(run));
    return Object.fromEntries(tasks.map(([task, { attempt }]) => [task, attempt]));
  }

  /**
   * That a DAG run has had these trainings, of which MLflow has the last one, and that nothing is left of any.
   * @param trainings id and status of each, oldest first
   * @param uri of the tracking server
   * @returns MLflow's id of the last one
   */
  async expectRecordedOnce(
    run: DagRun,
    trainings: readonly (readonly [string, string])[],
    uri: string,
  ): Promise<string> {
    const found = this.trainings(run);
    expect(found).toEqual(trainings);
    const ids = found.map(([id]) => id);
    expect(await orphansOf([run], ids)).toEqual([]);
    const idOf = ({ tags }: RecordedRun): string => tags['runner.run_id'] ?? '';
    const recorded = (await recordedRuns(uri)).filter((each) => ids.includes(idOf(each)));
    expect(recorded.map(idOf)).toEqual(ids.slice(-1));
    return recorded[0]!.id;
  }
}

/** What of these has processes that run, or containers and volumes on the tests' daemon. For the end of a test. */
export async function orphansOf(
  runs: readonly DagRun[],
  trained: readonly string[],
): Promise<readonly string[]> {
  const { containers, volumes } = await ourLeftovers();
  return [
    ...runs.flatMap(({ runId }) =>
      processesWith(`AIRFLOW_CTX_DAG_RUN_ID=${runId}`).map((pid) => `process ${pid}`),
    ),
    ...[...containers, ...volumes].filter((name) => trained.some((id) => name.includes(id))),
  ];
}
