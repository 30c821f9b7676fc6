import { ARTIFACT_FILES } from '../../contract/run-directory.js';
import type { TrainingRecord } from '../training-record.js';
import type { ArtifactStore } from './artifact-store.js';

/** Draws loss and accuracy by epoch; nothing where no epoch was completed. */
export async function writeTrainCurve(
  store: ArtifactStore,
  { epochs, keptEpoch }: TrainingRecord,
  title: string,
): Promise<void> {
  if (epochs.length === 0) return;
  const { plotTrainCurve } = await import('../plots/index.js');
  await store.write(ARTIFACT_FILES.trainCurve, await plotTrainCurve({ title, epochs, bestEpoch: keptEpoch }));
}
