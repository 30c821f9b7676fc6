import lockfile from 'proper-lockfile';
import type { Clock } from '../common/clock.js';
import { isErrno } from '../common/errors.js';
import { EventLog } from '../common/event-log.js';
import { RunnerError } from '../contract/errors.js';
import type { ImageDataset, Job, TensorFlow } from '../contract/job.js';
import { runPath } from '../contract/run-directory.js';
import type { RunSpec } from '../contract/run-spec.js';
import type { AwaitableStep } from '../engine/trace/index.js';
import { ArtifactStore } from './artifacts/artifact-store.js';
import { writeEvaluation, type EvaluationDocument } from './artifacts/evaluation.js';
import { createStep } from './create-step.js';
import { evaluateModel } from './evaluate-model.js';
import { readKeptWeights } from './kept-weights.js';
import { Phases } from './phases.js';

/** A run that has ended. */
export interface EndedRun {
  readonly runId: string;
  readonly runDir: string;
  readonly spec: RunSpec;
  /** From its outcome; null if it failed while it trained. */
  readonly weightsDigest: string | null;
  readonly stepsCompleted: number;
}

export interface EvaluationParts {
  readonly job: Job;
  readonly clock: Clock;
  readonly loadTensorFlow: () => TensorFlow | Promise<TensorFlow>;
  /** Where the data set lies now; where it lay when the run was made, if not given. */
  readonly dataDir?: string | undefined;
}

/**
 * Evaluates the weights that a run kept, and adds figures and pictures to its artifacts, and its phases to its events.
 * @throws RunnerError `run-busy` if another process evaluates it, `bad-data` if the data set is not the one it was
 *   trained on, and as `readKeptWeights`
 */
export async function evaluateRun(
  run: EndedRun,
  parts: EvaluationParts,
  signal: AbortSignal,
): Promise<EvaluationDocument> {
  const release = await lock(run);
  try {
    // Before the work: a run that cannot be written to should not be found out after it.
    using log = EventLog.resume(runPath(run.runDir, 'events'), parts.clock);
    const phases = new Phases(parts.clock, (event) => log.append(event));
    const store = await ArtifactStore.open(run.runDir, (event) => log.append(event));
    const dataset = await phases.time('data', () => loadSameData(run.spec, parts));
    return await withKeptWeights(run, { ...parts, phases }, (step) =>
      phases.time('evaluate', async () => {
        const evaluation = await evaluateModel(step, dataset, { ...parts, signal });
        const values = { testLoss: evaluation.loss, testAccuracy: evaluation.report.accuracy };
        log.append({ type: 'metric', step: run.stepsCompleted, values });
        const title = `${parts.job.name} ${run.runId}`;
        const document = await writeEvaluation(store, evaluation, { dataset, title });
        await store.writeManifest();
        return document;
      }),
    );
  } finally {
    await release();
  }
}

/** Disposes of the model when `use` is through with it. */
async function withKeptWeights<R>(
  run: EndedRun,
  { job, loadTensorFlow, phases }: EvaluationParts & { readonly phases: Phases },
  use: (step: AwaitableStep) => Promise<R>,
): Promise<R> {
  const state = await readKeptWeights(run, run.weightsDigest);
  const tf = await phases.time('engine', loadTensorFlow);
  const model = job.buildModel(tf, run.spec.seed);
  try {
    const step = await phases.time('trace', () =>
      // The run's own log has told about a fallback.
      createStep(tf, model, forPrediction(run.spec), {
        temporaryFolder: run.runDir,
        onFallback: () => undefined,
      }),
    );
    try {
      await step.writeState(state);
      return await use(step);
    } finally {
      step.dispose();
    }
  } finally {
    model.dispose();
  }
}

/** Copies of the training step, one for each step of a call, are not in a graph that only predicts. */
export function forPrediction({ seed, engine }: RunSpec): Pick<RunSpec, 'seed' | 'engine'> {
  return { seed, engine: { ...engine, stepsPerCall: 1 } };
}

/** One writer at a time: two would give their events the same numbers. */
async function lock({ runId, runDir }: EndedRun): Promise<() => Promise<void>> {
  try {
    return await lockfile.lock(runDir, { lockfilePath: runPath(runDir, 'lock') });
  } catch (error) {
    if (!isErrno(error, 'ELOCKED')) throw error;
    throw new RunnerError('run-busy', `Another process evaluates run ${runId}.`, { cause: error });
  }
}

async function loadSameData(spec: RunSpec, { job, dataDir }: EvaluationParts): Promise<ImageDataset> {
  const folder = dataDir ?? spec.data.dir;
  const dataset = await job.loadData(folder);
  if (dataset.digest !== spec.data.digest) {
    throw new RunnerError(
      'bad-data',
      `The data in ${folder} is not what the run was trained on: expected ${spec.data.digest}, found ${dataset.digest}.`,
      { hint: 'Point --data-dir at the data set that the run was trained on.' },
    );
  }
  return dataset;
}
