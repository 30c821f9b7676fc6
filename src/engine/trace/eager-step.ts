/**
 * The same training step, operation by operation, with tfjs's own gradients and optimizers: for models that cannot be
 * traced, and as the measure of the traced step.
 */
import { nth } from './arrays.js';
import { fedInputs, fedLabels, tensorOf } from './batch.js';
import { EagerOptimizer } from './eager-optimizer.js';
import { assignVariable, keepingWeights, type Gradients, type TrainingProgram } from './program.js';
import { arraysOf } from './state.js';
import type { Batch, NamedArray, StepResult, StepState, Tensor, TrainStep, Variable } from './types.js';

export class EagerStep implements TrainStep {
  readonly kind = 'eager';
  private readonly optimizer: EagerOptimizer;
  private step = 0;
  private disposed = false;

  constructor(private readonly program: TrainingProgram) {
    this.optimizer = new EagerOptimizer(program.tf, program.options.optimizer, program.trainable);
  }

  train(batch: Batch, learningRate: number): StepResult {
    return this.run(() => {
      const computed = this.computeGradients(batch);
      this.optimizer.update(computed.gradients, learningRate, this.step + 1);
      this.step += 1;
      return resultOf(computed);
    });
  }

  evaluate(batch: Batch): StepResult {
    return this.run(() => {
      const { x, y } = this.tensorsOf(batch);
      return resultOf(this.program.evaluate(x, y, false));
    });
  }

  predict(x: Batch['x'], size: number): Float32Array {
    return this.run(() => valuesOf(this.program.predict(this.inputsOf(x, size))));
  }

  gradients(batch: Batch): NamedArray[] {
    return this.run(() =>
      // Batch normalization would move its statistics.
      keepingWeights(this.program, () => {
        const { gradients, hits } = this.computeGradients(batch);
        hits?.dispose();
        return this.program.trainable.map(({ name, shape, size }, i) => {
          const gradient = nth(gradients, i);
          return { name, shape, data: gradient ? valuesOf(gradient) : new Float32Array(size) };
        });
      }),
    );
  }

  readState(): StepState {
    const read = ({
      name,
      shape,
      variable,
    }: {
      name: string;
      shape: readonly number[];
      variable: Variable;
    }) => ({
      name,
      shape,
      data: valuesOf(variable),
    });
    return this.run(() => ({
      step: this.step,
      weights: this.program.weights.map(read),
      slots: this.optimizer.slots.map(read),
    }));
  }

  writeState(state: StepState): void {
    this.run(() => {
      const { tf, weights } = this.program;
      const arrays = arraysOf(state, weights, this.optimizer.slots);
      weights.forEach(({ variable }, i) => assignVariable(tf, variable, arrays[i]));
      this.optimizer.restore(arrays.slice(weights.length), state.step);
      this.step = state.step;
    });
  }

  /** Nothing to do: this step trains the model's own weights. */
  updateModel(): void {
    this.run(() => undefined);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.optimizer.dispose();
  }

  private computeGradients(batch: Batch): Gradients {
    const { tf, options } = this.program;
    const { x, y } = this.tensorsOf(batch);
    const computed = this.program.gradients(
      x,
      y,
      tf.tensor1d([options.seed ?? 0, this.step], 'int32'),
      false,
    );
    return computed;
  }

  private inputsOf(x: Batch['x'], size: number): Tensor[] {
    return fedInputs(this.program, x, size).map((array) => tensorOf(this.program, array));
  }

  private tensorsOf(batch: Batch): { x: Tensor[]; y: Tensor } {
    const y = fedLabels(this.program, batch);
    return { x: this.inputsOf(batch.x, batch.size), y: tensorOf(this.program, y) };
  }

  private run<R>(body: () => R): R {
    if (this.disposed) throw new Error('this training step has been disposed');
    let result: R | undefined;
    this.program.tf.tidy(() => {
      result = body();
    });
    return result as R;
  }
}

function resultOf({ loss, hits }: { readonly loss: Tensor; readonly hits: Tensor | null }): StepResult {
  const correct = hits ? nth(hits.dataSync(), 0) : Number.NaN;
  hits?.dispose();
  return { loss: nth(loss.dataSync(), 0), correct };
}

/** A copy: tfjs may hand out the very array that it keeps. */
const valuesOf = (tensor: Tensor): Float32Array => Float32Array.from(tensor.dataSync());
