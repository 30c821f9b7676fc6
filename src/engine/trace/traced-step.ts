/**
 * The traced step: forward, gradients and optimizer of a tf.LayersModel as one TensorFlow graph, one native call a
 * step. docs/traced-step.md tells how it works and what it cannot do.
 */
import { backendOf } from './backend.js';
import { checkSize, fedInputs, fedLabels, type FedArray } from './batch.js';
import { stepHyperparameters } from './optimizers.js';
import { assignVariable, type TrainingProgram } from './program.js';
import { recordAll } from './recordings.js';
import { refuseUntraceable } from './refuse.js';
import { GraphSession, type Feeds } from './session.js';
import { arraysOf } from './state.js';
import { buildStepGraph, FEEDS, FETCHES, type StepGraph } from './step-graph.js';
import { GROUP_FEEDS, GROUP_FETCH } from './step-group.js';
import { rehearse } from './rehearsal.js';
import type { GraphVariable } from './training-step.js';
import type { Batch, BatchGroup, NamedArray, StepGroup, StepResult, StepState, TrainStep } from './types.js';

/**
 * Records the model's training step and loads it into TensorFlow.
 * @param stepsPerCall above 1 the step also has a `group` of so many
 * @throws UntraceableError if part of the model cannot be in a graph
 */
export function traceTrainStep(program: TrainingProgram, stepsPerCall = 1): TrainStep {
  refuseUntraceable(program.model);
  const { binding } = backendOf(program.tf);
  const built = buildStepGraph(program, binding, recordAll(program), stepsPerCall);
  const session = GraphSession.load(binding, built.graph, program.options.temporaryFolder);
  const step = new TracedStep(program, session, built, stepsPerCall);
  try {
    const initial = initialState(program, built);
    step.writeState(initial);
    rehearse(program, step);
    step.writeState(initial);
  } catch (error) {
    session.dispose();
    throw error;
  }
  return step;
}

const initialState = ({ weights }: TrainingProgram, built: StepGraph): StepState => ({
  step: 0,
  weights: weights.map(({ name, shape, variable }) => ({
    name,
    shape,
    data: variable.dataSync() as Float32Array,
  })),
  slots: built.slots.map(({ name, shape, size }) => ({ name, shape, data: new Float32Array(size) })),
});

class TracedStep implements TrainStep {
  readonly kind = 'traced';
  readonly group?: StepGroup;
  private readonly weights: readonly GraphVariable[];
  private readonly slots: readonly GraphVariable[];
  private step = 0;

  constructor(
    private readonly program: TrainingProgram,
    private readonly session: GraphSession,
    { weights, slots }: StepGraph,
    stepsPerCall: number,
  ) {
    this.weights = weights;
    this.slots = slots;
    if (stepsPerCall > 1) {
      this.group = {
        steps: stepsPerCall,
        train: (batches, learningRates) => this.trainGroup(batches, learningRates),
      };
    }
  }

  train(batch: Batch, learningRate: number): StepResult {
    const { optimizer } = this.program.options;
    const hyper = Float32Array.from(stepHyperparameters(optimizer, learningRate, this.step + 1));
    const feeds: Feeds = {
      ...this.batchFeeds(batch),
      ...this.seedFeed(),
      [FEEDS.hyperparameters]: { dtype: 'float32', shape: [hyper.length], data: hyper },
    };
    const result = resultOf(this.session.run(feeds, [FETCHES.train]));
    this.step += 1;
    return result;
  }

  evaluate(batch: Batch): StepResult {
    return resultOf(this.session.run(this.batchFeeds(batch), [FETCHES.evaluate]));
  }

  predict(x: Batch['x'], size: number): Float32Array {
    const [predictions] = this.session.run(this.inputFeeds(x, size), [FETCHES.predictions]);
    return predictions as Float32Array;
  }

  gradients(batch: Batch): NamedArray[] {
    const { trainable } = this.program;
    const feeds = { ...this.batchFeeds(batch), ...this.seedFeed() };
    const fetches = trainable.map((_, i) => FETCHES.gradient(i));
    return named(trainable, this.session.run(feeds, fetches));
  }

  readState(): StepState {
    const variables = [...this.weights, ...this.slots];
    const arrays = named(
      variables,
      this.session.run(
        {},
        variables.map(({ read }) => read),
      ),
    );
    const count = this.weights.length;
    return { step: this.step, weights: arrays.slice(0, count), slots: arrays.slice(count) };
  }

  writeState(state: StepState): void {
    const arrays = arraysOf(state, this.weights, this.slots);
    const feeds = [...this.weights, ...this.slots].map(
      ({ shape }, i) => [FEEDS.value(i), { dtype: 'float32', shape, data: arrays[i] }] as const,
    );
    this.session.run(Object.fromEntries(feeds) as Feeds, [FETCHES.assign]);
    this.step = state.step;
  }

  updateModel(): void {
    const { tf, weights } = this.program;
    const values = this.readState().weights;
    weights.forEach(({ variable }, i) => assignVariable(tf, variable, values[i]?.data));
  }

  dispose(): void {
    this.session.dispose();
  }

  private trainGroup({ steps, size, x, y }: BatchGroup, learningRates: readonly number[]): StepResult[] {
    checkSize(size);
    if (steps !== this.group?.steps || learningRates.length !== steps) {
      throw new RangeError(
        `this step does ${this.group?.steps ?? 1} steps a call, not ${steps} with ${learningRates.length} learning rates`,
      );
    }
    const { optimizer, seed = 0 } = this.program.options;
    const seeds = learningRates.flatMap((_, i) => [seed, this.step + i]);
    const hyper = learningRates.flatMap((rate, i) => stepHyperparameters(optimizer, rate, this.step + i + 1));
    const stepByStep = (array: FedArray): FedArray => ({
      ...array,
      shape: [steps, size, ...array.shape.slice(1)],
    });
    const inputs = fedInputs(this.program, x, steps * size).map(stepByStep);
    const feeds: Feeds = {
      ...Object.fromEntries(inputs.map((array, i) => [GROUP_FEEDS.input(i), array])),
      [GROUP_FEEDS.labels]: stepByStep(fedLabels(this.program, { size: steps * size, x, y })),
      [GROUP_FEEDS.seed]: { dtype: 'int32', shape: [steps, 2], data: Int32Array.from(seeds) },
      [GROUP_FEEDS.hyperparameters]: {
        dtype: 'float32',
        shape: [steps, hyper.length / steps],
        data: Float32Array.from(hyper),
      },
    };
    const [values = new Float32Array()] = this.session.run(feeds, [GROUP_FETCH]);
    this.step += steps;
    return learningRates.map((_, i) => resultOf([values.subarray(2 * i, 2 * i + 2)]));
  }

  private inputFeeds(x: Batch['x'], size: number): Feeds {
    return Object.fromEntries(fedInputs(this.program, x, size).map((array, i) => [FEEDS.input(i), array]));
  }

  private batchFeeds(batch: Batch): Feeds {
    return { ...this.inputFeeds(batch.x, batch.size), [FEEDS.labels]: fedLabels(this.program, batch) };
  }

  private seedFeed(): Feeds {
    const { seed = 0 } = this.program.options;
    return { [FEEDS.seed]: { dtype: 'int32', shape: [2], data: Int32Array.of(seed, this.step) } };
  }
}

function resultOf([values]: readonly ArrayLike<number>[]): StepResult {
  const [loss = Number.NaN, correct = Number.NaN] = Array.from(values ?? []);
  return { loss, correct };
}

const named = (of: readonly Omit<NamedArray, 'data'>[], values: readonly unknown[]): NamedArray[] =>
  of.map(({ name, shape }, i) => ({ name, shape, data: values[i] as Float32Array }));
