import type { DaemonConnection } from '../connection/connection.js';
import { isTrainer, toTrainerImage, type TrainerImage } from './find.js';
import { inspectImage } from './inspect.js';
import { IMAGE_LABELS } from './names.js';
import type { ImagePlan } from './plan.js';

/** The planned image, if the daemon has it. Not by its name alone: anybody can give that to another image. */
export async function findPlanned(
  connection: DaemonConnection,
  { tag, sourceDigest }: ImagePlan,
  signal: AbortSignal,
): Promise<TrainerImage | undefined> {
  const found = await inspectImage(connection, tag, signal);
  if (found === undefined || !isTrainer(found)) return undefined;
  return found.labels[IMAGE_LABELS.sourceDigest] === sourceDigest ? toTrainerImage(found, tag) : undefined;
}
