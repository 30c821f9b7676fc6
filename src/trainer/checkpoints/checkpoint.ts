/** What a checkpoint holds, and how it lies in its file. */
import { z } from 'zod';
import { describeError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { NamedArray, StepState } from '../../engine/trace/index.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

const progressSchema = z.object({
  /** Epochs completed. */
  epoch: z.int().min(0),
  /** Optimizer steps done, over all epochs. */
  step: z.int().min(0),
  /** Epoch with the lowest validation loss so far, and that loss; null before the first epoch has ended. */
  bestEpoch: z.int().min(1).nullable(),
  bestValLoss: z.number().nullable(),
});

export interface Checkpoint {
  readonly progress: z.infer<typeof progressSchema>;
  /** Weights, optimizer slots and step counter: a step that is given them goes on to the bit. */
  readonly state: StepState;
  /** With early stopping, the weights of the best epoch; null before the first epoch has ended, or without. */
  readonly best: readonly NamedArray[] | null;
}

const FORMAT = 'runner-checkpoint-1';

export function encodeCheckpoint({ progress, state, best }: Checkpoint): Buffer {
  return encodeSafetensors({
    tensors: [
      ...under('weights', state.weights),
      ...under('slots', state.slots),
      ...(best === null ? [] : under('best', best)),
    ],
    metadata: { format: FORMAT, progress: JSON.stringify(progress) },
  });
}

/**
 * @param path named in the error
 * @throws RunnerError `run-corrupt`
 */
export function decodeCheckpoint(bytes: Buffer, path: string): Checkpoint {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    if (metadata.format !== FORMAT)
      throw new Error(`its format is ${metadata.format ?? 'not given'}, not ${FORMAT}`);
    const progress = progressSchema.parse(JSON.parse(metadata.progress ?? ''));
    const best = from('best', tensors);
    return {
      progress,
      state: { step: progress.step, weights: from('weights', tensors), slots: from('slots', tensors) },
      best: best.length > 0 ? best : null,
    };
  } catch (error) {
    throw new RunnerError('run-corrupt', `${path} is no checkpoint: ${describeError(error)}.`, {
      cause: error,
    });
  }
}

const under = (folder: string, arrays: readonly NamedArray[]): NamedArray[] =>
  arrays.map((array) => ({ ...array, name: `${folder}/${array.name}` }));

const from = (folder: string, arrays: readonly NamedArray[]): NamedArray[] =>
  arrays
    .filter(({ name }) => name.startsWith(`${folder}/`))
    .map((array) => ({ ...array, name: array.name.slice(folder.length + 1) }));
