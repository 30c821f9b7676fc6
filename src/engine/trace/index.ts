/** The traced training step: any tf.LayersModel trained by one native call a step. See docs/traced-step.md. */
import { EagerStep } from './eager-step.js';
import { TrainingProgram } from './program.js';
import { traceTrainStep } from './traced-step.js';
import {
  UntraceableError,
  type LayersModel,
  type StepOptions,
  type TensorFlow,
  type TrainStep,
} from './types.js';

export { savedModelOf } from './saved-model.js';
export { UntraceableError } from './types.js';
export type {
  Batch,
  LayersModel,
  Loss,
  NamedArray,
  Optimizer,
  StepOptions,
  StepResult,
  StepState,
  TensorFlow,
  TensorLike,
  TrainStep,
} from './types.js';

export interface StepChoice {
  /**
   * `traced` and `eager` force one; `auto` traces and falls back to the eager step, which is slower, when the model
   * cannot be traced. Default: `auto`.
   */
  readonly step?: 'auto' | 'traced' | 'eager';
  /** Told once when `auto` falls back. Default: a Node.js warning that names the operation. */
  readonly onFallback?: (error: UntraceableError) => void;
}

/**
 * @throws UntraceableError if `traced` is forced and the model cannot be traced
 * @throws Error if the model does not fit any step: several outputs, or sizes beside the batch that are not fixed
 */
export function createTrainStep(
  tf: TensorFlow,
  model: LayersModel,
  options: StepOptions,
  { step = 'auto', onFallback = warn }: StepChoice = {},
): TrainStep {
  const program = new TrainingProgram(tf, model, options);
  if (step === 'eager') return new EagerStep(program);
  try {
    return traceTrainStep(program);
  } catch (error) {
    if (step === 'traced' || !(error instanceof UntraceableError)) throw error;
    onFallback(error);
    return new EagerStep(program);
  }
}

const warn = (error: UntraceableError): void =>
  process.emitWarning(`${error.message}; it trains operation by operation, which is slower`, {
    type: 'UntraceableWarning',
  });
