import { RunnerError } from '../../../src/contract/errors.js';
import type { UsedImage } from '../../../src/contract/run-outcome.js';
import type { DaemonConnection } from '../connection/connection.js';
import { type InspectedImage, inspectImage } from './inspect.js';
import { IMAGE_LABELS } from './names.js';

/** A trainer image that the daemon has. */
export interface TrainerImage extends Readonly<UsedImage> {
  /** Whether it was built just now. */
  readonly built: boolean;
  /** Milliseconds; 0 if it was there. */
  readonly buildMs: number;
  /** Those of IMAGE_LABELS among others. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The image that a user has named. It is never pulled: only what is there is meant.
 * @param name tag or id
 * @throws RunnerError `image-missing` if there is none, or if it has no trainer
 */
export async function findImage(
  connection: DaemonConnection,
  name: string,
  { signal = new AbortController().signal }: { readonly signal?: AbortSignal } = {},
): Promise<TrainerImage> {
  const found = await inspectImage(connection, name, signal);
  if (found === undefined) {
    throw new RunnerError(
      'image-missing',
      `The Docker daemon at ${connection.address} has no image ${name}.`,
      {
        hint: '`runner image build` builds the one for this version, and `runner image ls` lists those there are; `docker pull` or `docker load` brings one from elsewhere.',
      },
    );
  }
  if (isTrainer(found)) return toTrainerImage(found, name);
  throw new RunnerError('image-missing', `The image ${name} has no trainer: runner has not built it.`);
}

export const isTrainer = ({ labels }: InspectedImage): boolean => IMAGE_LABELS.managed in labels;

export const toTrainerImage = ({ id, bytes, labels }: InspectedImage, tag: string): TrainerImage => ({
  ...{ tag, id, bytes, labels },
  built: false,
  buildMs: 0,
});
