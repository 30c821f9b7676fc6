import type { LearningRateSchedule } from '../contract/run-spec.js';

/**
 * The learning rate of one step. `cosine` falls from the initial rate to 0 over all planned steps (Loshchilov &
 * Hutter, SGDR, ICLR 2017, without restarts); early stopping cuts it off, it does not stretch it.
 * @param step 0 for the first
 */
export function learningRateAt(
  schedule: LearningRateSchedule,
  initial: number,
  step: number,
  plannedSteps: number,
): number {
  if (schedule === 'constant') return initial;
  return (initial / 2) * (1 + Math.cos((Math.PI * step) / plannedSteps));
}
