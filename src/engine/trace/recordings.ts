/** What is recorded of a training program: training and inference at three batch sizes, and weight constraints. */
import { sizeOf } from './arrays.js';
import { atBatchSizes, type Triple } from './generalize.js';
import { withNativeGradients } from './gradients.js';
import { keepingWeights, type TrainingProgram, type Weight } from './program.js';
import { record, type Recording } from './recorder.js';
import { poolBeforeRelu } from './rewrite.js';
import type { Tensor, TensorFlow } from './types.js';

export interface Recordings {
  /** Results: `loss`, `hits`, `gradient:<i>` of the trainable weight i, `statistic:<i>`: new value of the weight i. */
  readonly training: Triple<Recording>;
  /** Results: `loss`, `hits`, `predictions`. */
  readonly inference: Triple<Recording>;
  /** Result `constrained` from the argument `weight`, for each trainable weight that has a constraint. */
  readonly constraints: ReadonlyMap<Weight, Recording>;
}

export function recordAll(program: TrainingProgram): Recordings {
  return withUnsharedWeights(program, () => ({
    training: atBatchSizes((batch) => poolBeforeRelu(recordTraining(program, batch))),
    inference: atBatchSizes((batch) => poolBeforeRelu(recordInference(program, batch))),
    constraints: new Map(
      program.trainable.flatMap((weight) => {
        const { constraint, variable } = weight;
        if (constraint === null) return [];
        return [
          [weight, record(program.tf, { weight: variable }, () => ({ constrained: constraint(variable) }))],
        ];
      }),
    ),
  }));
}

function recordTraining(program: TrainingProgram, batch: number): Recording {
  const { tf, weights } = program;
  return withExample(program, batch, (x, y, seed) => {
    const kept: Tensor[] = [];
    const recording = record(tf, argumentsOf(program, x, y, seed), () => {
      const before = weights.map(({ variable }) => variable.dataId);
      const { loss, hits, gradients } = withNativeGradients(tf, () => program.gradients(x, y, seed, true));
      if (hits) kept.push(hits);
      const results: Record<string, Tensor> = { loss, ...(hits && { hits }) };
      gradients.forEach((gradient, i) => gradient && (results[`gradient:${i}`] = gradient));
      weights.forEach(({ variable }, i) => {
        if (variable.dataId !== before[i]) results[`statistic:${i}`] = variable;
      });
      return results;
    });
    tf.dispose(kept);
    return recording;
  });
}

function recordInference(program: TrainingProgram, batch: number): Recording {
  return withExample(program, batch, (x, y, seed) =>
    record(program.tf, argumentsOf(program, x, y, seed), () => {
      const { loss, hits } = program.evaluate(x, y, true);
      return { loss, ...(hits && { hits }), predictions: program.predict(x) };
    }),
  );
}

function argumentsOf(
  { weights }: TrainingProgram,
  x: readonly Tensor[],
  y: Tensor,
  seed: Tensor,
): Record<string, Tensor> {
  return {
    ...Object.fromEntries(x.map((tensor, i) => [`x:${i}`, tensor])),
    y,
    seed,
    ...Object.fromEntries(weights.map(({ variable }, i) => [`weight:${i}`, variable])),
  };
}

/** Runs `body` on a made-up batch; the weights are afterwards what they were, moving statistics included. */
export function withExample<R>(
  program: TrainingProgram,
  batch: number,
  body: (x: readonly Tensor[], y: Tensor, seed: Tensor) => R,
): R {
  const { tf, options } = program;
  return keepingWeights(program, () => {
    let result: R | undefined;
    tf.tidy(() => {
      const x = program.inputs.map(({ shape, dtype }) => example(tf, [batch, ...shape], dtype, batch));
      const y = example(tf, program.labelShape(batch), program.labelDtype, batch);
      result = body(x, y, tf.tensor1d([options.seed ?? 0, 0], 'int32'));
    });
    return result as R;
  });
}

/** Values that differ with the batch size, so that a constant made from them betrays itself. */
export function exampleValues(
  shape: readonly number[],
  dtype: 'float32' | 'int32',
  batch: number,
): Float32Array | Int32Array {
  const size = sizeOf(shape);
  // Whole numbers are indices: only 0 is sure to be one.
  if (dtype === 'int32') return new Int32Array(size);
  return Float32Array.from({ length: size }, (_, i) => ((i * 7 + batch * 13) % 31) / 32);
}

const example = (tf: TensorFlow, shape: number[], dtype: 'float32' | 'int32', batch: number): Tensor =>
  tf.tensor(exampleValues(shape, dtype, batch), shape, dtype);

/**
 * Gives each weight memory of its own while `body` runs. tfjs lets two variables share it (after setWeights with one
 * tensor twice, say), and a recording tells values apart by their memory.
 */
function withUnsharedWeights<R>({ tf, weights }: TrainingProgram, body: () => R): R {
  const seen = new Set<object>();
  for (const { variable } of weights) {
    if (seen.has(variable.dataId)) {
      tf.tidy(() =>
        variable.assign(tf.tensor(variable.dataSync().slice(), variable.shape, variable.dtype) as never),
      );
    }
    seen.add(variable.dataId);
  }
  return body();
}
