/**
 * The same training step, operation by operation, with tfjs's own gradients and optimizers: for models that cannot be
 * traced, and as the measure of the traced step. One for backends that give values at once, one for those that do not.
 */
import { EagerTraining } from './eager-training.js';
import type { TrainingProgram } from './program.js';
import type { AwaitableStep, Batch, NamedArray, StepResult, StepState, Tensor, TrainStep } from './types.js';

/** What is the same wherever values lie: nothing of it is read back. */
class EagerCalls {
  readonly kind = 'eager';
  protected readonly training: EagerTraining;

  constructor(program: TrainingProgram) {
    this.training = new EagerTraining(program);
  }

  writeState(state: StepState): void {
    this.training.writeState(state);
  }

  /** Nothing to do: this step trains the model's own weights. */
  updateModel(): void {
    return;
  }

  dispose(): void {
    this.training.dispose();
  }
}

export class EagerStep extends EagerCalls implements TrainStep {
  train(batch: Batch, learningRate: number): StepResult {
    return resultOf(takeValues(this.training.train(batch, learningRate)));
  }

  evaluate(batch: Batch): StepResult {
    return resultOf(takeValues(this.training.evaluate(batch)));
  }

  predict(x: Batch['x'], size: number): Float32Array {
    return takeValues(this.training.predict(x, size));
  }

  gradients(batch: Batch): NamedArray[] {
    return named(this.training.trainable, this.training.gradients(batch).map(takeValues));
  }

  readState(): StepState {
    const { weights, slots, stepsDone } = this.training;
    const read = (variables: typeof slots): NamedArray[] =>
      variables.map(({ name, shape, variable }) => ({ name, shape, data: copyOf(variable.dataSync()) }));
    return { step: stepsDone, weights: read(weights), slots: read(slots) };
  }
}

/** Where values lie on a card that hands them out only later, as with WebGPU. */
export class AsyncEagerStep extends EagerCalls implements AwaitableStep {
  async train(batch: Batch, learningRate: number): Promise<StepResult> {
    return resultOf(await fetchValues(this.training.train(batch, learningRate)));
  }

  async evaluate(batch: Batch): Promise<StepResult> {
    return resultOf(await fetchValues(this.training.evaluate(batch)));
  }

  async predict(x: Batch['x'], size: number): Promise<Float32Array> {
    return fetchValues(this.training.predict(x, size));
  }

  async gradients(batch: Batch): Promise<NamedArray[]> {
    const { trainable } = this.training;
    return named(trainable, await Promise.all(this.training.gradients(batch).map(fetchValues)));
  }

  async readState(): Promise<StepState> {
    const { weights, slots, stepsDone } = this.training;
    const read = (variables: typeof slots): Promise<NamedArray[]> =>
      Promise.all(
        variables.map(async ({ name, shape, variable }) => ({
          ...{ name, shape },
          data: copyOf(await variable.data()),
        })),
      );
    return { step: stepsDone, weights: await read(weights), slots: await read(slots) };
  }
}

function resultOf([loss = Number.NaN, correct = Number.NaN]: Float32Array): StepResult {
  return { loss, correct };
}

const named = (of: readonly Omit<NamedArray, 'data'>[], values: readonly Float32Array[]): NamedArray[] =>
  of.map(({ name, shape }, i) => ({ name, shape, data: values[i] ?? new Float32Array() }));

function takeValues(tensor: Tensor): Float32Array {
  try {
    return copyOf(tensor.dataSync());
  } finally {
    tensor.dispose();
  }
}

async function fetchValues(tensor: Tensor): Promise<Float32Array> {
  try {
    return copyOf(await tensor.data());
  } finally {
    tensor.dispose();
  }
}

/** tfjs may hand out the very array that it keeps. */
const copyOf = (values: ArrayLike<number>): Float32Array => Float32Array.from(values);
