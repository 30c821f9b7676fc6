/** What the tests of the training step share: batches, comparisons, and a watch over memory and files. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  createTrainStep,
  type Batch,
  type LayersModel,
  type NamedArray,
  type StepOptions,
  type StepState,
  type TensorFlow,
  type TensorLike,
  type TrainStep,
} from '../../../src/engine/trace/index.js';

/**
 * A small network for images of 8 × 8 with all that one step leaves for the next: weights, moving statistics, the number
 * that the dropout is drawn from; with `maxNorm` a constraint on its last weights, too.
 */
export function smallNetwork(
  tf: TensorFlow,
  { rate = 0.5, maxNorm }: { readonly rate?: number; readonly maxNorm?: number } = {},
): LayersModel {
  const kernel = (seed: number) => ({ kernelInitializer: tf.initializers.glorotUniform({ seed }) });
  return tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, useBias: false, inputShape: [8, 8, 1], ...kernel(1) }),
      tf.layers.batchNormalization({}),
      tf.layers.activation({ activation: 'relu' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dropout({ rate }),
      tf.layers.dense({
        ...{ units: 3, activation: 'softmax' as const, ...kernel(2) },
        ...(maxNorm === undefined
          ? {}
          : { kernelConstraint: tf.constraints.maxNorm({ maxValue: maxNorm, axis: 0 }) }),
      }),
    ],
  });
}

/** Numbers in [0, 1) that depend on the seed alone (Mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One input of a model, without the batch dimension. `indices`: whole numbers below it. */
export interface InputSpec {
  readonly shape: readonly number[];
  readonly indices?: number;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export interface LabelSpec {
  readonly loss: StepOptions['loss'];
  /** Shape of the output without the batch dimension. */
  readonly output: readonly number[];
}

/** Made-up examples and labels that fit a loss. */
export function makeBatch(
  seed: number,
  size: number,
  inputs: readonly InputSpec[],
  { loss, output }: LabelSpec,
): Batch {
  const next = randomNumbers(seed);
  const x = inputs.map(({ shape, indices }): TensorLike => {
    const length = size * sizeOf(shape);
    if (indices !== undefined) return Int32Array.from({ length }, () => Math.floor(next() * indices));
    return Float32Array.from({ length }, () => next() * 2 - 1);
  });
  return { size, x, y: makeLabels(next, size, output, loss) };
}

function makeLabels(next: () => number, size: number, output: readonly number[], loss: StepOptions['loss']) {
  const classes = output.at(-1) ?? 1;
  const positions = (size * sizeOf(output)) / classes;
  switch (loss) {
    case 'sparseCategoricalCrossentropy':
      return Int32Array.from({ length: positions }, () => Math.floor(next() * classes));
    case 'categoricalCrossentropy': {
      const y = new Float32Array(positions * classes);
      for (let i = 0; i < positions; i += 1) y[i * classes + Math.floor(next() * classes)] = 1;
      return y;
    }
    case 'binaryCrossentropy':
      return Float32Array.from({ length: positions * classes }, () => Math.round(next()));
    case 'meanSquaredError':
      return Float32Array.from({ length: positions * classes }, () => next() * 2 - 1);
  }
}

/** ‖a − b‖ / ‖b‖ (Euclidean); 0 if both are zero. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i += 1) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}

/**
 * Each array of `actual` is within `tolerance` of the same of `expected`, by ‖a − b‖ / ‖b‖. An array whose norm is
 * below `floor` of the largest one is all rounding; its difference is measured by that floor instead.
 */
export function expectClose(
  actual: readonly NamedArray[],
  expected: readonly NamedArray[],
  tolerance: number,
  floor = 1e-3,
): void {
  expect(actual.map(({ name, shape }) => ({ name, shape }))).toEqual(
    expected.map(({ name, shape }) => ({ name, shape })),
  );
  const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
  const largest = Math.max(...expected.map(({ data }) => norm(data)), 0);
  const far = expected.flatMap(({ name, data }, i) => {
    const difference = norm(data.map((value, k) => actual[i]!.data[k]! - value));
    const relative = difference === 0 ? 0 : difference / Math.max(norm(data), floor * largest);
    return relative <= tolerance ? [] : [`${name}: ${relative}`];
  });
  expect(far).toEqual([]);
}

/** The state's bytes, so that "the same" means to the bit. */
export const bytesOf = ({
  step,
  weights,
  slots,
}: StepState): { step: number; arrays: Record<string, string> } => ({
  step,
  arrays: Object.fromEntries(
    [...weights, ...slots].map(({ name, data }) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
    ]),
  ),
});

/** Runs `body` with a folder of its own for graphs; fails if tensors, variables or files are left. */
export function withoutLeaks(tf: TensorFlow, body: (temporaryFolder: string) => void): void {
  const before = { ...tf.memory() };
  const folder = mkdtempSync(join(tmpdir(), 'trace-test-'));
  try {
    body(folder);
    expect(readdirSync(folder)).toEqual([]);
    const after = tf.memory();
    expect({ tensors: after.numTensors, buffers: after.numDataBuffers }).toEqual({
      tensors: before.numTensors,
      buffers: before.numDataBuffers,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** LayersModel.dispose leaves the weights of a layer that is used twice. */
export function disposeModel(model: LayersModel): void {
  for (const weight of model.weights) weight.read().dispose();
}

export interface Pair {
  readonly traced: TrainStep;
  readonly eager: TrainStep;
}

/** A traced and an eager step over two models built alike. */
export function withPair(
  tf: TensorFlow,
  build: () => LayersModel,
  options: StepOptions,
  body: (pair: Pair) => void,
): void {
  withoutLeaks(tf, (temporaryFolder) => {
    const [forTraced, forEager] = [build(), build()];
    const traced = createTrainStep(tf, forTraced, { ...options, temporaryFolder }, { step: 'traced' });
    const eager = createTrainStep(tf, forEager, options, { step: 'eager' });
    try {
      // The traced step's initial weights are whatever the initializers drew; the eager one starts from them too.
      eager.writeState(traced.readState());
      body({ traced, eager });
    } finally {
      traced.dispose();
      eager.dispose();
      disposeModel(forTraced);
      disposeModel(forEager);
    }
  });
}

/**
 * The proof of one model: gradients within 1e-5, weights and statistics after 20 steps within 1e-4, losses, hits and
 * predictions alike, over batches of varying size.
 */
export function expectAgreement(
  tf: TensorFlow,
  build: () => LayersModel,
  options: StepOptions,
  inputs: readonly InputSpec[],
  label: LabelSpec,
  learningRate = 0.01,
): void {
  withPair(tf, build, options, ({ traced, eager }) => {
    const sizes = [7, 1, 4];
    for (const [i, size] of sizes.entries()) {
      const batch = makeBatch(100 + i, size, inputs, label);
      expectClose(traced.gradients(batch), eager.gradients(batch), 1e-5);
      expectSameResult(traced.evaluate(batch), eager.evaluate(batch), 1e-5);
      expect(relativeDistance(traced.predict(batch.x, size), eager.predict(batch.x, size))).toBeLessThan(
        1e-5,
      );
    }
    for (let i = 0; i < 20; i += 1) {
      const batch = makeBatch(i, sizes[i % 3]!, inputs, label);
      expectSameResult(traced.train(batch, learningRate), eager.train(batch, learningRate), 1e-4);
    }
    const [tracedState, eagerState] = [traced.readState(), eager.readState()];
    expect(tracedState.step).toBe(20);
    expect(eagerState.step).toBe(20);
    expectClose(tracedState.weights, eagerState.weights, 1e-4);
    expectClose(tracedState.slots, eagerState.slots, 1e-3);
  });
}

export function expectSameResult(
  actual: { loss: number; correct: number },
  expected: { loss: number; correct: number },
  tolerance: number,
): void {
  expect(Math.abs(actual.loss - expected.loss)).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected.loss)),
  );
  if (Number.isNaN(expected.correct)) expect(actual.correct).toBeNaN();
  else expect(actual.correct).toBeCloseTo(expected.correct, 4);
}
