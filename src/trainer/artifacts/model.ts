import type { LayersModel, TensorFlow } from '../../contract/job.js';
import { ARTIFACT_FILES } from '../../contract/run-directory.js';
import { savedModelOf } from '../../engine/trace/index.js';
import type { ArtifactStore } from './artifact-store.js';

/** The trained model twice: as tfjs reads it and goes on training it, and as TensorFlow serves it. */
export async function writeModel(store: ArtifactStore, tf: TensorFlow, model: LayersModel): Promise<void> {
  const folder = await store.makeFolder(ARTIFACT_FILES.layersModel);
  await model.save(`file://${folder}`);
  await store.addFolder(ARTIFACT_FILES.layersModel);
  await store.write(`${ARTIFACT_FILES.savedModel}/saved_model.pb`, savedModelOf(tf, model));
}
