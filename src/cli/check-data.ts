import { RunnerError } from '../contract/errors.js';
import type { Hyperparameters } from '../contract/run-spec.js';

/**
 * What only the data can tell of the hyperparameters, checked before a run directory is made.
 * @param trainExamples examples of the training set, before the validation part is taken out
 * @throws RunnerError `bad-spec`
 */
export function checkFitsData(
  { batchSize, validationSplit }: Pick<Hyperparameters, 'batchSize' | 'validationSplit'>,
  trainExamples: number,
): void {
  const validation = Math.round(trainExamples * validationSplit);
  const training = trainExamples - validation;
  if (validation < 1 || training < 1) {
    throw new RunnerError(
      'bad-spec',
      `--validation-split ${validationSplit} of ${trainExamples} examples leaves ${training} to train on and ${validation} to validate with: each needs at least 1.`,
    );
  }
  if (batchSize > training) {
    throw new RunnerError(
      'bad-spec',
      `--batch-size ${batchSize} is more than the ${training} examples to train on (${trainExamples} less ${validation} for validation).`,
    );
  }
}
