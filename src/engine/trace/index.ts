/** The traced training step: any tf.LayersModel trained by one native call a step. See docs/traced-step.md. */
import { AsyncEagerStep, EagerStep } from './eager-step.js';
import { TrainingProgram } from './program.js';
import { traceTrainStep } from './traced-step.js';
import {
  UntraceableError,
  type AwaitableStep,
  type LayersModel,
  type StepOptions,
  type TensorFlow,
  type TrainStep,
} from './types.js';

export { savedModelOf } from './saved-model.js';
export { UntraceableError } from './types.js';
export type {
  AwaitableStep,
  Batch,
  BatchGroup,
  LayersModel,
  Loss,
  NamedArray,
  Optimizer,
  StepGroup,
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
  /** Above 1, the step also has a `group` that does so many by one native call; the eager step has none. Default: 1. */
  readonly stepsPerCall?: number;
  /** Told once when `auto` falls back. Default: a Node.js warning that names the operation. */
  readonly onFallback?: (error: UntraceableError) => void;
}

/**
 * @throws UntraceableError if `traced` is forced and the model cannot be traced
 * @throws Error if the model does not fit any step: several outputs, or sizes beside the batch that are not fixed
 * @throws RangeError if `eager` is forced and several steps a call are asked for
 */
export function createTrainStep(
  tf: TensorFlow,
  model: LayersModel,
  options: StepOptions,
  { step = 'auto', stepsPerCall = 1, onFallback = (error) => warn(error, stepsPerCall) }: StepChoice = {},
): TrainStep {
  const program = new TrainingProgram(tf, model, options);
  if (step === 'eager') {
    if (stepsPerCall > 1) throw new RangeError('several steps a call need the traced step');
    return new EagerStep(program);
  }
  try {
    return traceTrainStep(program, stepsPerCall);
  } catch (error) {
    if (step === 'traced' || !(error instanceof UntraceableError)) throw error;
    onFallback(error);
    return new EagerStep(program);
  }
}

/**
 * Operation by operation on any backend of tfjs, also one that hands values out only later.
 * @throws Error as `createTrainStep`
 */
export function createAsyncStep(tf: TensorFlow, model: LayersModel, options: StepOptions): AwaitableStep {
  return new AsyncEagerStep(new TrainingProgram(tf, model, options));
}

function warn({ message }: UntraceableError, stepsPerCall: number): void {
  const oneStep = stepsPerCall > 1 ? `, one step a call and not ${stepsPerCall}` : '';
  process.emitWarning(`${message}; it trains operation by operation${oneStep}, which is slower`, {
    type: 'UntraceableWarning',
  });
}
