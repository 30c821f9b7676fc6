import type { EpochFigures } from '../contract/epoch-figures.js';
import type { TrainingResult } from '../contract/run-outcome.js';

/**
 * What a run has reached so far, kept apart from the loop that reaches it: when that ends in an error, this is what
 * its outcome still has to show.
 */
export class TrainingRecord {
  readonly epochs: EpochFigures[] = [];
  stepsCompleted = 0;
  stoppedEarly = false;
  /** Epoch whose weights are the ones to keep. */
  keptEpoch: number | null = null;
  imagesPerSecond: number | null = null;
  engineStep: TrainingResult['engineStep'] = null;
  weightsDigest: string | null = null;
  test: { readonly loss: number; readonly accuracy: number } | null = null;

  /** Loss and accuracy are those of the epoch whose weights are kept. */
  toResult(): TrainingResult {
    const kept = this.epochs.find(({ epoch }) => epoch === this.keptEpoch);
    return {
      epochsCompleted: this.epochs.length,
      stepsCompleted: this.stepsCompleted,
      bestEpoch: this.keptEpoch,
      stoppedEarly: this.stoppedEarly,
      finalLoss: kept?.loss ?? null,
      finalAccuracy: kept?.accuracy ?? null,
      valLoss: kept?.valLoss ?? null,
      valAccuracy: kept?.valAccuracy ?? null,
      imagesPerSecond: this.imagesPerSecond,
      engineStep: this.engineStep,
      weightsDigest: this.weightsDigest,
      ...(this.test === null ? {} : { testLoss: this.test.loss, testAccuracy: this.test.accuracy }),
    };
  }
}
