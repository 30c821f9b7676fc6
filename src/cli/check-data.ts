import { RunnerError } from '../contract/errors.js';
import { describeSource } from './settings.js';
import type { Resolved } from './settings.js';

/**
 * What only the data can tell of the hyperparameters, checked before a run directory is made.
 * @param trainExamples examples of the training set, before the validation part is taken out
 * @throws RunnerError `bad-spec`
 */
export function checkFitsData(
  { batchSize, validationSplit }: Pick<Resolved, 'batchSize' | 'validationSplit'>,
  trainExamples: number,
): void {
  const validation = Math.round(trainExamples * validationSplit.value);
  const training = trainExamples - validation;
  if (validation < 1 || training < 1) {
    throw new RunnerError(
      'bad-spec',
      `A validation split of ${validationSplit.value} (${describeSource(validationSplit.source)}) leaves ${training} of ${trainExamples} examples to train on and ${validation} to validate with: each needs at least 1.`,
    );
  }
  if (batchSize.value > training) {
    throw new RunnerError(
      'bad-spec',
      `A batch size of ${batchSize.value} (${describeSource(batchSize.source)}) is more than the ${training} examples to train on (${trainExamples} less ${validation} for validation).`,
    );
  }
}
