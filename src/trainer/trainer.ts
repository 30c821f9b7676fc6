/** The program that trains, phase by phase. The same in every mode. */
import type { Clock } from '../common/clock.js';
import type { ImageDataset, Job, LayersModel, TensorFlow } from '../contract/job.js';
import type { RunEventInput } from '../contract/run-event.js';
import type { PlannedRun, RuntimeOptions } from '../contract/runtime.js';
import type { AwaitableStep } from '../engine/trace/index.js';
import { ArtifactStore } from './artifacts/artifact-store.js';
import { writeEvaluation } from './artifacts/evaluation.js';
import { writeModel } from './artifacts/model.js';
import { writeTrainCurve } from './artifacts/train-curve.js';
import { writeCheckpoint } from './checkpoints/folder.js';
import { createStep } from './create-step.js';
import type { BatchSource } from './data/batches.js';
import { openBatches } from './data/open-batches.js';
import { evaluateModel } from './evaluate-model.js';
import { fit } from './fit.js';
import type { Phases } from './phases.js';
import type { TrainingRecord } from './training-record.js';
import { weightsDigest } from './weights-digest.js';

export interface TrainerParts {
  readonly job: Job;
  readonly dataset: ImageDataset;
  readonly clock: Clock;
  /** Loads TensorFlow with the spec's threads. */
  readonly loadTensorFlow: () => TensorFlow | Promise<TensorFlow>;
  /** Phases that were over before the trainer started, in milliseconds. */
  readonly earlierPhases?: Readonly<Record<string, number>>;
}

/** Where a trainer tells what it does, as it does it. */
export interface TrainerRecords {
  readonly emit: (event: RunEventInput) => void;
  /** Waits until all events are on the disk itself. */
  readonly flush: () => void;
  readonly phases: Phases;
  readonly record: TrainingRecord;
}

export class Trainer {
  constructor(
    private readonly planned: PlannedRun,
    private readonly parts: TrainerParts,
    private readonly options: RuntimeOptions,
    private readonly records: TrainerRecords,
  ) {}

  /** @throws RunnerError, or the signal's reason if it is aborted before or after the training itself */
  async run(): Promise<'completed' | 'cancelled'> {
    const { signal } = this.options;
    const { phases } = this.records;
    // Before the engine is loaded: the thread, where there is one, starts meanwhile.
    await using examples = openBatches(this.parts.dataset.train, this.planned.spec, (message) =>
      this.warn(message),
    );
    const tf = await phases.time('engine', () => this.parts.loadTensorFlow());
    signal.throwIfAborted();
    const model = this.parts.job.buildModel(tf, this.planned.spec.seed);
    try {
      const step = await phases.time('trace', () => this.trace(tf, model));
      try {
        signal.throwIfAborted();
        return await this.trainAndSave(tf, model, step, examples);
      } finally {
        step.dispose();
      }
    } finally {
      model.dispose();
    }
  }

  private async trainAndSave(
    tf: TensorFlow,
    model: LayersModel,
    step: AwaitableStep,
    examples: BatchSource,
  ): Promise<'completed' | 'cancelled'> {
    const { signal } = this.options;
    const { phases, record } = this.records;
    const end = await phases.time('train', () => this.fit(step, examples));
    // A cancelled training keeps the weights it stopped at, and those are no epoch's.
    if (end === 'cancelled') record.keptEpoch = null;
    record.weightsDigest = weightsDigest((await step.readState()).weights);
    if (end === 'cancelled') return end;
    await phases.time('save', () => this.save(tf, model, step));
    signal.throwIfAborted();
    if (this.planned.evaluate) await phases.time('evaluate', () => this.evaluate(step));
    signal.throwIfAborted();
    return 'completed';
  }

  private trace(tf: TensorFlow, model: LayersModel): AwaitableStep {
    const { spec, runDir } = this.planned;
    const onFallback = (message: string): void => this.warn(message);
    const step = createStep(tf, model, spec, { temporaryFolder: runDir, onFallback });
    this.records.record.engineStep = step.kind;
    return step;
  }

  private fit(step: AwaitableStep, examples: BatchSource): Promise<'completed' | 'cancelled'> {
    const { planned, parts, options } = this;
    const { emit, flush, phases, record } = this.records;
    return fit({
      step,
      examples,
      spec: planned.spec,
      clock: parts.clock,
      signal: options.signal,
      record,
      emit,
      onProgress: options.onProgress,
      onFirstStep: () => phases.mark('firstStep'),
      saveCheckpoint: async (checkpoint, best) => {
        const path = await writeCheckpoint(planned.runDir, checkpoint);
        const { epoch, step: steps } = checkpoint.progress;
        emit({ type: 'checkpoint', epoch, step: steps, path, best });
        flush();
      },
    });
  }

  private async save(tf: TensorFlow, model: LayersModel, step: AwaitableStep): Promise<void> {
    await step.updateModel();
    const store = await this.openStore();
    await writeModel(store, tf, model, ({ message }) => {
      this.warn(`There is no SavedModel of this run, only the model for tfjs: ${message}.`);
    });
    await writeTrainCurve(store, this.records.record, this.title);
    await store.writeManifest();
  }

  private async evaluate(step: AwaitableStep): Promise<void> {
    const { dataset, clock } = this.parts;
    const { record, emit } = this.records;
    const evaluation = await evaluateModel(step, dataset, { clock, signal: this.options.signal });
    const { loss, report } = evaluation;
    record.test = { loss, accuracy: report.accuracy };
    const values = { testLoss: loss, testAccuracy: report.accuracy };
    emit({ type: 'metric', step: record.stepsCompleted, values });
    const store = await this.openStore();
    await writeEvaluation(store, evaluation, { dataset, title: this.title });
    await store.writeManifest();
  }

  private warn(message: string): void {
    this.records.emit({ type: 'log', level: 'warn', message });
  }

  private openStore(): Promise<ArtifactStore> {
    return ArtifactStore.open(this.planned.runDir, this.records.emit);
  }

  private get title(): string {
    return `${this.planned.spec.job} ${this.planned.runId}`;
  }
}
