import { validationCount } from '../../common/epoch-size.js';
import { randomOrder } from './random-order.js';

export interface Split {
  /** Indices into the training set. */
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

/** The stream of the seed that the split is drawn from; the epochs have those from 1 on. */
const SPLIT_STREAM = 0;

/** Keeps `validationCount` examples, drawn at random, for validation. */
export function splitForValidation(count: number, share: number, seed: number): Split {
  const order = randomOrder(count, seed, SPLIT_STREAM);
  const kept = validationCount(count, share);
  return { training: order.subarray(kept), validation: order.subarray(0, kept) };
}
