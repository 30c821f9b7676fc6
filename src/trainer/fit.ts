/** The training loop: epochs, validation, checkpoints, early stopping. */
import type { Clock } from '../common/clock.js';
import { stepsPerEpoch } from '../common/epoch-size.js';
import { RunnerError } from '../contract/errors.js';
import type { RunEventInput } from '../contract/run-event.js';
import type { RunSpec } from '../contract/run-spec.js';
import type { TrainingProgress } from '../contract/runtime.js';
import type { AwaitableStep, BatchGroup, NamedArray, StepResult, StepState } from '../engine/trace/index.js';
import { createBreather } from './breather.js';
import type { Checkpoint } from './checkpoints/checkpoint.js';
import { oneByOne, type BatchSource } from './data/batches.js';
import { shuffled } from './data/random-order.js';
import { splitForValidation } from './data/split.js';
import { EarlyStopping } from './early-stopping.js';
import { learningRateAt } from './learning-rate.js';
import { MeanFigures } from './mean-figures.js';
import { Throughput } from './throughput.js';
import type { TrainingRecord } from './training-record.js';

/** Milliseconds that steps by one call may take together. */
const LONGEST_CALL_MS = 1000;
/** Steps between two metric events. */
const METRIC_INTERVAL = 100;

export interface FitOptions {
  readonly step: AwaitableStep;
  readonly examples: BatchSource;
  readonly spec: RunSpec;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly record: TrainingRecord;
  readonly emit: (event: RunEventInput) => void;
  readonly onProgress: ((progress: TrainingProgress) => void) | undefined;
  readonly onFirstStep: () => void;
  /** `best`: the checkpoint ends an epoch, and its weights are the ones to keep so far. */
  readonly saveCheckpoint: (checkpoint: Checkpoint, best: boolean) => Promise<void>;
}

/**
 * Trains until the epochs are done, early stopping ends it, or it is cancelled; `step` then holds the weights to
 * keep: those of the best epoch with early stopping, of the last one without. A cancelled training has written a
 * checkpoint of the step it stopped at, and `step` holds that state.
 * @returns whether it was cancelled
 * @throws RunnerError `diverged` naming the step, `disk-full`
 */
export async function fit(options: FitOptions): Promise<'completed' | 'cancelled'> {
  return new Fit(options).run();
}

class Fit {
  readonly #options: FitOptions;
  readonly #breathe: () => Promise<void>;
  readonly #training: Uint32Array;
  readonly #validation: Uint32Array;
  readonly #stepsPerEpoch: number;
  readonly #stopping: EarlyStopping;
  readonly #throughput = new Throughput();
  /** How many steps calls had so far. */
  readonly #called = new Set<number>();
  /** What the last step took; before there is one to go by, nobody knows. */
  #stepMs = Infinity;
  #best: readonly NamedArray[] | null = null;

  constructor(options: FitOptions) {
    const { examples, spec, clock } = options;
    const { validationSplit, patience } = spec.hyperparameters;
    const split = splitForValidation(examples.count, validationSplit, spec.seed);
    this.#options = options;
    this.#breathe = createBreather(clock);
    this.#training = split.training;
    this.#validation = split.validation;
    this.#stepsPerEpoch = stepsPerEpoch(examples.count, spec.hyperparameters);
    this.#stopping = new EarlyStopping(patience);
  }

  async run(): Promise<'completed' | 'cancelled'> {
    const { step, spec, record } = this.#options;
    const { epochs, earlyStopping } = spec.hyperparameters;
    for (let epoch = 1; epoch <= epochs; epoch += 1) {
      const finished = await this.#trainEpoch(epoch);
      if (!finished || this.#options.signal.aborted) return 'cancelled';
      if (earlyStopping && this.#stopping.isTimeToStop && epoch < epochs) {
        record.stoppedEarly = true;
        break;
      }
    }
    if (this.#best !== null) await step.writeState({ ...(await step.readState()), weights: this.#best });
    return 'completed';
  }

  /** Ends with a checkpoint. @returns false if it was cancelled on the way */
  async #trainEpoch(epoch: number): Promise<boolean> {
    const { emit, record } = this.#options;
    const speed = new Throughput();
    const figures = await this.#trainSteps(epoch, speed);
    const validation = figures === null ? null : await this.#validate();
    if (figures === null || validation === null) {
      await this.#saveCheckpoint(await this.#readSoundState(epoch), false);
      return false;
    }
    const { loss: valLoss, accuracy: valAccuracy } = validation;
    if (!Number.isFinite(valLoss)) throw diverged('validation loss', valLoss, epoch, record.stepsCompleted);
    const state = await this.#readSoundState(epoch);

    record.epochs.push({ epoch, loss: figures.loss, accuracy: figures.accuracy, valLoss, valAccuracy });
    this.#keepIfBest(epoch, valLoss, state.weights);
    emit({
      type: 'epoch',
      epoch,
      step: record.stepsCompleted,
      loss: figures.loss,
      accuracy: figures.accuracy,
      valLoss,
      valAccuracy,
      learningRate: this.#learningRate(record.stepsCompleted - 1),
      imagesPerSecond: speed.imagesPerSecond ?? 0,
    });
    await this.#saveCheckpoint(state, record.keptEpoch === epoch);
    return true;
  }

  async #trainSteps(epoch: number, speed: Throughput): Promise<MeanFigures | null> {
    const { step, examples, spec, clock, signal, record, emit, onFirstStep } = this.#options;
    const { batchSize } = spec.hyperparameters;
    const figures = new MeanFigures();
    let recent = new MeanFigures();
    let stepOfEpoch = 0;
    let mark = clock.elapsed();
    const order = shuffled(this.#training, spec.seed, epoch);
    for (const batches of this.#calls(examples.batches(order, batchSize, step.group?.steps))) {
      for (const result of await this.#train(batches)) {
        record.stepsCompleted += 1;
        stepOfEpoch += 1;
        if (!Number.isFinite(result.loss)) throw diverged('loss', result.loss, epoch, record.stepsCompleted);
        figures.add(result, batches.size);
        recent.add(result, batches.size);
        if (record.stepsCompleted % METRIC_INTERVAL === 0) {
          emitMetrics(emit, record, recent, this.#learningRate(record.stepsCompleted - 1));
          recent = new MeanFigures();
        }
      }
      await this.#breathe();
      const now = clock.elapsed();
      if (record.stepsCompleted === batches.steps) onFirstStep();
      // The first call of a kind plans and allocates.
      const isFirst = !this.#called.has(batches.steps);
      this.#called.add(batches.steps);
      if (!isFirst) {
        const images = batches.steps * batches.size;
        speed.add(images, now - mark);
        this.#throughput.add(images, now - mark);
        record.imagesPerSecond = this.#throughput.imagesPerSecond;
        this.#stepMs = (now - mark) / batches.steps;
      }
      mark = now;
      this.#tellProgress(epoch, stepOfEpoch, figures, speed);
      if (signal.aborted) return null;
    }
    return figures;
  }

  /**
   * A group is one call while that is short, by the last step's time: a run that is to end has to be done with it, and write
   * its checkpoint, before it is killed. Else its batches come one by one, which gives the same weights.
   */
  *#calls(groups: Iterable<BatchGroup>): Generator<BatchGroup> {
    for (const group of groups) {
      if (group.steps * this.#stepMs <= LONGEST_CALL_MS) yield group;
      else yield* oneByOne(group);
    }
  }

  /** The steps of one call; what may come in between, such as the end of the run, waits until they are done. */
  async #train(batches: BatchGroup): Promise<readonly StepResult[]> {
    const { step, record } = this.#options;
    const rates = Array.from({ length: batches.steps }, (_, i) =>
      this.#learningRate(record.stepsCompleted + i),
    );
    if (batches.steps > 1 && step.group) return step.group.train(batches, rates);
    return [await step.train(batches, rates[0] ?? NaN)];
  }

  /** Loss and accuracy on the examples kept for it; null if it was cancelled on the way. */
  async #validate(): Promise<MeanFigures | null> {
    const { step, examples, spec, signal } = this.#options;
    const figures = new MeanFigures();
    for (const batch of examples.batches(this.#validation, spec.hyperparameters.batchSize)) {
      figures.add(await step.evaluate(batch), batch.size);
      await this.#breathe();
      if (signal.aborted) return null;
    }
    return figures;
  }

  /** TensorFlow's max-pooling and fused relu drop a NaN, so the loss can look sound when weights are not. */
  async #readSoundState(epoch: number): Promise<StepState> {
    const { step, record } = this.#options;
    const state = await step.readState();
    for (const { name, data } of state.weights) {
      const broken = data.find((value) => !Number.isFinite(value));
      if (broken !== undefined) throw diverged(`weight ${name}`, broken, epoch, record.stepsCompleted);
    }
    return state;
  }

  #keepIfBest(epoch: number, valLoss: number, weights: readonly NamedArray[]): void {
    const { spec, record } = this.#options;
    const improved = this.#stopping.observe(epoch, valLoss);
    if (!spec.hyperparameters.earlyStopping) {
      record.keptEpoch = epoch;
    } else if (improved) {
      record.keptEpoch = epoch;
      this.#best = weights;
    }
  }

  async #saveCheckpoint(state: StepState, best: boolean): Promise<void> {
    const { record, saveCheckpoint } = this.#options;
    const { bestEpoch, bestValLoss } = this.#stopping;
    const progress = { epoch: record.epochs.length, step: record.stepsCompleted, bestEpoch, bestValLoss };
    await saveCheckpoint({ progress, state, best: this.#best }, best);
  }

  #learningRate(stepIndex: number): number {
    const { learningRate, learningRateSchedule, epochs } = this.#options.spec.hyperparameters;
    return learningRateAt(learningRateSchedule, learningRate, stepIndex, epochs * this.#stepsPerEpoch);
  }

  #tellProgress(epoch: number, stepOfEpoch: number, figures: MeanFigures, speed: Throughput): void {
    this.#options.onProgress?.({
      epoch,
      epochs: this.#options.spec.hyperparameters.epochs,
      step: stepOfEpoch,
      stepsPerEpoch: this.#stepsPerEpoch,
      loss: figures.loss,
      accuracy: figures.accuracy,
      imagesPerSecond: speed.imagesPerSecond ?? 0,
    });
  }
}

function emitMetrics(
  emit: FitOptions['emit'],
  { stepsCompleted, imagesPerSecond }: TrainingRecord,
  { loss, accuracy }: MeanFigures,
  learningRate: number,
): void {
  const speed = imagesPerSecond === null ? {} : { imagesPerSecond };
  emit({ type: 'metric', step: stepsCompleted, values: { loss, accuracy, learningRate, ...speed } });
  const { user, system } = process.cpuUsage();
  emit({ type: 'system', rssBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 });
}

function diverged(what: string, value: number, epoch: number, step: number): RunnerError {
  return new RunnerError('diverged', `The ${what} became ${value} at step ${step} (epoch ${epoch}).`);
}
