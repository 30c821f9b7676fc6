/** The program that trains: from a planned run to its exit. The same in every mode. */
import type { Clock } from '../common/clock.js';
import { toRunnerError } from '../common/errors.js';
import { EventLog } from '../common/event-log.js';
import { RunnerError } from '../contract/errors.js';
import type { ImageDataset, Job, LayersModel, TensorFlow } from '../contract/job.js';
import { reasonOfError } from '../contract/reason.js';
import { runPath } from '../contract/run-directory.js';
import type { RunEventInput } from '../contract/run-event.js';
import type { PlannedRun, RuntimeOptions, TrainerExit } from '../contract/runtime.js';
import { createTrainStep, UntraceableError, type TrainStep } from '../engine/trace/index.js';
import { ArtifactStore } from './artifacts/artifact-store.js';
import { writeEvaluation } from './artifacts/evaluation.js';
import { writeModel } from './artifacts/model.js';
import { writeTrainCurve } from './artifacts/train-curve.js';
import { writeCheckpoint } from './checkpoints/folder.js';
import { evaluateModel } from './evaluate-model.js';
import { fit } from './fit.js';
import { stepOptions } from './loss-and-optimizer.js';
import { Phases } from './phases.js';
import { TrainingRecord } from './training-record.js';
import { weightsDigest } from './weights-digest.js';

export interface TrainerParts {
  readonly job: Job;
  readonly dataset: ImageDataset;
  readonly clock: Clock;
  /** Loads TensorFlow with the spec's threads. */
  readonly loadTensorFlow: () => TensorFlow;
  /** Phases that were over before the trainer started, in milliseconds. */
  readonly earlierPhases?: Readonly<Record<string, number>>;
}

/**
 * Trains, saves and, if asked, evaluates. Whatever goes wrong on the way is an exit, not an exception: it says how
 * far the run got.
 * @throws RunnerError if not even the event log can be opened
 */
export async function trainRun(
  run: PlannedRun,
  parts: TrainerParts,
  options: RuntimeOptions,
): Promise<TrainerExit> {
  using log = EventLog.create(runPath(run.runDir, 'events'), parts.clock);
  const emit = (event: RunEventInput): void => options.onEvent(log.append(event));
  const phases = new Phases(parts.clock, emit, parts.earlierPhases);
  const record = new TrainingRecord();
  const exit = (end: Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'>): TrainerExit => ({
    exitCode: null,
    signal: null,
    ...end,
    phases: phases.durations,
    training: record.toResult(),
  });
  try {
    const result = await new Trainer(run, parts, options, { emit, phases, record, log }).run();
    if (result === 'completed') return exit({ status: 'succeeded', reason: null, message: null });
    return exit({ status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' });
  } catch (thrown) {
    if (options.signal.aborted && thrown === options.signal.reason) {
      return exit({ status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' });
    }
    const error = toRunnerError(thrown);
    return exit({
      status: 'failed',
      reason: reasonOfError(error.code),
      message: error.message,
      error: thrown,
    });
  }
}

interface Records {
  readonly emit: (event: RunEventInput) => void;
  readonly phases: Phases;
  readonly record: TrainingRecord;
  readonly log: EventLog;
}

class Trainer {
  constructor(
    private readonly planned: PlannedRun,
    private readonly parts: TrainerParts,
    private readonly options: RuntimeOptions,
    private readonly records: Records,
  ) {}

  async run(): Promise<'completed' | 'cancelled'> {
    const { signal } = this.options;
    const { phases, record } = this.records;
    const tf = await phases.time('engine', () => this.parts.loadTensorFlow());
    const { model, step } = await phases.time('trace', () => this.prepare(tf));
    try {
      const end = await phases.time('train', () => this.fit(step));
      record.weightsDigest = weightsDigest(step.readState().weights);
      if (end === 'cancelled') return end;
      await phases.time('save', () => this.save(tf, model, step));
      signal.throwIfAborted();
      if (this.planned.evaluate) await phases.time('evaluate', () => this.evaluate(step));
      return 'completed';
    } finally {
      step.dispose();
      model.dispose();
    }
  }

  private prepare(tf: TensorFlow): { model: LayersModel; step: TrainStep } {
    const { spec } = this.planned;
    const model = this.parts.job.buildModel(tf, spec.seed);
    const step = createStep(tf, model, spec.seed, spec.engine.step, (error) => {
      const message = `${error.message}; training op by op instead, which is slower.`;
      this.records.emit({ type: 'log', level: 'warn', message });
    });
    this.records.record.engineStep = step.kind;
    return { model, step };
  }

  private fit(step: TrainStep): Promise<'completed' | 'cancelled'> {
    const { planned, parts, options } = this;
    const { emit, phases, record, log } = this.records;
    return fit({
      step,
      examples: parts.dataset.train,
      spec: planned.spec,
      clock: parts.clock,
      signal: options.signal,
      record,
      emit,
      onProgress: options.onProgress,
      onFirstStep: () => phases.mark('firstStep'),
      saveCheckpoint: async (checkpoint) => {
        const path = await writeCheckpoint(planned.runDir, checkpoint);
        const { epoch, step: steps, bestEpoch } = checkpoint.progress;
        emit({ type: 'checkpoint', epoch, step: steps, path, best: bestEpoch === epoch });
        log.flush();
      },
    });
  }

  private async save(tf: TensorFlow, model: LayersModel, step: TrainStep): Promise<void> {
    step.updateModel();
    const store = await this.openStore();
    await writeModel(store, tf, model);
    await writeTrainCurve(store, this.records.record, this.title);
    await store.writeManifest();
  }

  private async evaluate(step: TrainStep): Promise<void> {
    const { dataset, clock } = this.parts;
    const { record } = this.records;
    const evaluation = await evaluateModel(step, dataset, { clock, signal: this.options.signal });
    const { loss, report } = evaluation;
    record.test = { loss, accuracy: report.accuracy };
    const values = { testLoss: loss, testAccuracy: report.accuracy };
    this.records.emit({ type: 'metric', step: record.stepsCompleted, values });
    const store = await this.openStore();
    await writeEvaluation(store, evaluation, { dataset, title: this.title });
    await store.writeManifest();
  }

  private openStore(): Promise<ArtifactStore> {
    return ArtifactStore.open(this.planned.runDir, this.records.emit);
  }

  private get title(): string {
    return `${this.planned.spec.job} ${this.planned.runId}`;
  }
}

/** @throws RunnerError `untraceable` if the traced step was asked for and cannot be had */
function createStep(
  tf: TensorFlow,
  model: LayersModel,
  seed: number,
  step: 'auto' | 'traced' | 'eager',
  onFallback: (error: UntraceableError) => void,
): TrainStep {
  try {
    return createTrainStep(tf, model, stepOptions(seed), { step, onFallback });
  } catch (error) {
    if (!(error instanceof UntraceableError)) throw error;
    throw new RunnerError('untraceable', `The model cannot be traced: ${error.message}.`, { cause: error });
  }
}
