import { nameDiskFull } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import type { LayersModel, TensorFlow } from '../contract/job.js';
import type { RunSpec } from '../contract/run-spec.js';
import {
  type AwaitableStep,
  createAsyncStep,
  createTrainStep,
  UntraceableError,
} from '../engine/trace/index.js';

export interface CreateStepOptions {
  /** Holds the graph while TensorFlow reads it. */
  readonly temporaryFolder: string;
  /** Called with a sentence for the user if the model has to be trained op by op. */
  readonly onFallback: (message: string) => void;
}

/**
 * How every job's model is trained: bytes scaled to [0, 1], cross-entropy against class indices, and Adam with the
 * epsilon of Keras, so that the two can be compared.
 * @throws RunnerError `untraceable` if the spec asks for the traced step and it cannot be had
 * @throws RunnerError `bad-spec` if it asks for several steps a call of one that runs op by op
 */
export function createStep(
  tf: TensorFlow,
  model: LayersModel,
  { seed, engine }: Pick<RunSpec, 'seed' | 'engine'>,
  { temporaryFolder, onFallback }: CreateStepOptions,
): AwaitableStep {
  const options = {
    loss: 'sparseCategoricalCrossentropy',
    optimizer: { name: 'adam', epsilonForm: 'hat' },
    input: { dtype: 'uint8', scale: 1 / 255 },
    seed,
    temporaryFolder,
  } as const;
  const { stepsPerCall = 1 } = engine;
  if (stepsPerCall > 1 && (engine.step === 'eager' || engine.name === 'webgpu')) {
    throw new RunnerError(
      'bad-spec',
      `${stepsPerCall} steps a call need the traced step, and this run is to train op by op.`,
    );
  }
  const oneStep = stepsPerCall > 1 ? `, one step a call and not ${stepsPerCall}` : '';
  if (engine.name === 'webgpu') return createAsyncStep(tf, model, options);
  try {
    return createTrainStep(tf, model, options, {
      step: engine.step,
      stepsPerCall,
      onFallback: ({ message }) =>
        onFallback(`${message}; it runs op by op instead${oneStep}, which is slower.`),
    });
  } catch (error) {
    // The graph is the one file that is written on the way, under a name that tells the user nothing.
    if (!(error instanceof UntraceableError)) throw nameDiskFull(error, temporaryFolder);
    throw new RunnerError('untraceable', `${error.message}.`, { cause: error });
  }
}
