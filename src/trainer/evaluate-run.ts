import type { Clock } from '../common/clock.js';
import { EventLog } from '../common/event-log.js';
import { RunnerError } from '../contract/errors.js';
import type { ImageDataset, Job, TensorFlow } from '../contract/job.js';
import { runPath } from '../contract/run-directory.js';
import type { RunSpec } from '../contract/run-spec.js';
import { createTrainStep } from '../engine/trace/index.js';
import { ArtifactStore } from './artifacts/artifact-store.js';
import { writeEvaluation, type EvaluationDocument } from './artifacts/evaluation.js';
import { evaluateModel } from './evaluate-model.js';
import { readKeptWeights } from './kept-weights.js';
import { stepOptions } from './loss-and-optimizer.js';

/** A run that has ended. */
export interface EndedRun {
  readonly runId: string;
  readonly runDir: string;
  readonly spec: RunSpec;
  /** From its outcome; null if it failed. */
  readonly weightsDigest: string | null;
  readonly stepsCompleted: number;
}

/**
 * Evaluates the weights that a run kept, and adds figures and pictures to its artifacts.
 * @throws RunnerError `bad-data` if the data set is no longer the one it was trained on; see also `readKeptWeights`
 */
export async function evaluateRun(
  run: EndedRun,
  parts: { readonly job: Job; readonly clock: Clock; readonly loadTensorFlow: () => TensorFlow },
  signal: AbortSignal,
): Promise<EvaluationDocument> {
  const { job, clock } = parts;
  const state = await readKeptWeights(run, run.weightsDigest);
  const dataset = await loadSameData(run.spec, job);
  const tf = parts.loadTensorFlow();
  const model = job.buildModel(tf, run.spec.seed);
  const step = createTrainStep(tf, model, stepOptions(run.spec.seed), { step: run.spec.engine.step });
  try {
    step.writeState(state);
    const evaluation = await evaluateModel(step, dataset, { clock, signal });
    using log = EventLog.resume(runPath(run.runDir, 'events'), clock);
    const emit = log.append.bind(log);
    const values = { testLoss: evaluation.loss, testAccuracy: evaluation.report.accuracy };
    emit({ type: 'metric', step: run.stepsCompleted, values });
    const store = await ArtifactStore.open(run.runDir, emit);
    const document = await writeEvaluation(store, evaluation, { dataset, title: `${job.name} ${run.runId}` });
    await store.writeManifest();
    return document;
  } finally {
    step.dispose();
    model.dispose();
  }
}

async function loadSameData(spec: RunSpec, job: Job): Promise<ImageDataset> {
  const dataset = await job.loadData(spec.data.dir);
  if (dataset.digest !== spec.data.digest) {
    throw new RunnerError(
      'bad-data',
      `The data in ${spec.data.dir} is not what the run was trained on: expected ${spec.data.digest}, found ${dataset.digest}.`,
    );
  }
  return dataset;
}
