/** How an epoch divides the training examples; free of what draws them. */
import type { Hyperparameters } from '../contract/run-spec.js';

/** How many of so many training examples are kept for validation. */
export const validationCount = (examples: number, share: number): number => Math.round(examples * share);

/** Optimizer steps of one epoch over so many training examples; the last batch may be a small one. */
export const stepsPerEpoch = (
  examples: number,
  { validationSplit, batchSize }: Pick<Hyperparameters, 'validationSplit' | 'batchSize'>,
): number => Math.ceil((examples - validationCount(examples, validationSplit)) / batchSize);
