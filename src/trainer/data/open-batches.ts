import { describeError } from '../../common/errors.js';
import type { ByteImages } from '../../contract/job.js';
import type { RunSpec } from '../../contract/run-spec.js';
import { batchesOnDemand, type BatchSource } from './batches.js';
import { canBePrefetched, PrefetchedBatches } from './prefetch.js';

/**
 * The batches of a run, made as its spec says.
 * @param warn told, in a sentence for the user, if they cannot be made while a step runs
 */
export function openBatches(
  data: ByteImages,
  { engine, hyperparameters }: Pick<RunSpec, 'engine' | 'hyperparameters'>,
  warn: (message: string) => void,
): BatchSource & AsyncDisposable {
  const { prefetch = false, stepsPerCall = 1 } = engine;
  const instead = 'each batch is made between two steps instead.';
  if (prefetch && canBePrefetched(data)) {
    return new PrefetchedBatches(data, {
      most: Math.min(hyperparameters.batchSize * stepsPerCall, data.count),
      onFailure: (error) =>
        warn(
          `The thread that makes batches while a step runs has failed: ${describeError(error)}; ${instead}`,
        ),
    });
  }
  if (prefetch)
    warn(`The job's images are not in shared memory, where another thread could read them; ${instead}`);
  return { ...batchesOnDemand(data), [Symbol.asyncDispose]: () => Promise.resolve() };
}
