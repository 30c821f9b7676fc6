import type { StepOptions } from '../engine/trace/index.js';

/**
 * How every job's model is trained: bytes scaled to [0, 1], cross-entropy against class indices, and Adam with the
 * epsilon of Keras, so that the two can be compared.
 */
export const stepOptions = (seed: number): StepOptions => ({
  loss: 'sparseCategoricalCrossentropy',
  optimizer: { name: 'adam', epsilonForm: 'hat' },
  input: { dtype: 'uint8', scale: 1 / 255 },
  seed,
});
