import type { RunSpec } from '../../contract/run-spec.js';

/** What a run has to do, in a line: `mnist-cnn, 2 epochs, batch 128, seed 42, 2 threads`. */
export function titleOf({ job, hyperparameters, seed, threads }: RunSpec): string {
  const { epochs, batchSize } = hyperparameters;
  return [job, count(epochs, 'epoch'), `batch ${batchSize}`, `seed ${seed}`, count(threads, 'thread')].join(
    ', ',
  );
}

/** `1 epoch`, `2 epochs` */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
