/** Of one epoch, as its event has them; what JSON cannot hold is NaN or an infinity here. */
export interface EpochFigures {
  /** 1 for the first. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
}
