/** What both eager steps compute, operation by operation. Results stay tensors: how they are read is the step's. */
import { nth } from './arrays.js';
import { fedInputs, fedLabels, tensorOf } from './batch.js';
import { EagerOptimizer, type Slot } from './eager-optimizer.js';
import {
  assignVariable,
  keepingWeights,
  type Gradients,
  type TrainingProgram,
  type Weight,
} from './program.js';
import { arraysOf } from './state.js';
import type { Batch, StepState, Tensor } from './types.js';

/** Tensors that are returned are the caller's to dispose. */
export class EagerTraining {
  private readonly optimizer: EagerOptimizer;
  private step = 0;
  private disposed = false;

  constructor(private readonly program: TrainingProgram) {
    this.optimizer = new EagerOptimizer(program.tf, program.options.optimizer, program.trainable);
  }

  get stepsDone(): number {
    return this.step;
  }

  /** @throws Error once it has been disposed */
  get weights(): readonly Weight[] {
    this.checkUsable();
    return this.program.weights;
  }

  get slots(): readonly Slot[] {
    return this.optimizer.slots;
  }

  get trainable(): readonly Weight[] {
    return this.program.trainable;
  }

  /** @returns `[2]`: loss and hits */
  train(batch: Batch, learningRate: number): Tensor {
    return this.run(() => {
      const computed = this.computeGradients(batch);
      this.optimizer.update(computed.gradients, learningRate, this.step + 1);
      this.step += 1;
      return this.figuresOf(computed);
    });
  }

  /** @returns `[2]`: loss and hits */
  evaluate(batch: Batch): Tensor {
    return this.run(() => {
      const { x, y } = this.tensorsOf(batch);
      return this.figuresOf(this.program.evaluate(x, y, false));
    });
  }

  predict(x: Batch['x'], size: number): Tensor {
    return this.run(() => this.program.predict(this.inputsOf(x, size)));
  }

  /** One for each trainable weight. */
  gradients(batch: Batch): Tensor[] {
    const { program } = this;
    return this.run(() =>
      // Batch normalization would move its statistics.
      keepingWeights(program, () => {
        const { gradients, hits } = this.computeGradients(batch);
        hits?.dispose();
        return program.trainable.map(({ shape }, i) => nth(gradients, i) ?? program.tf.zeros([...shape]));
      }),
    );
  }

  writeState(state: StepState): void {
    this.checkUsable();
    const { tf, weights } = this.program;
    const arrays = arraysOf(state, weights, this.optimizer.slots);
    weights.forEach(({ variable }, i) => assignVariable(tf, variable, arrays[i]));
    this.optimizer.restore(arrays.slice(weights.length), state.step);
    this.step = state.step;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.optimizer.dispose();
  }

  private computeGradients(batch: Batch): Gradients {
    const { tf, options } = this.program;
    const { x, y } = this.tensorsOf(batch);
    return this.program.gradients(x, y, tf.tensor1d([options.seed ?? 0, this.step], 'int32'), false);
  }

  /** Together, so that reading them is one transfer where values lie on a card. */
  private figuresOf({ loss, hits }: Pick<Gradients, 'loss' | 'hits'>): Tensor {
    const { tf } = this.program;
    const figures = tf.stack([loss, hits ?? tf.scalar(Number.NaN)]);
    hits?.dispose();
    return figures;
  }

  private inputsOf(x: Batch['x'], size: number): Tensor[] {
    return fedInputs(this.program, x, size).map((array) => tensorOf(this.program, array));
  }

  private tensorsOf(batch: Batch): { x: Tensor[]; y: Tensor } {
    const y = fedLabels(this.program, batch);
    return { x: this.inputsOf(batch.x, batch.size), y: tensorOf(this.program, y) };
  }

  private run<R extends Tensor | Tensor[]>(body: () => R): R {
    this.checkUsable();
    return this.program.tf.tidy(body);
  }

  private checkUsable(): void {
    if (this.disposed) throw new Error('this training step has been disposed');
  }
}
