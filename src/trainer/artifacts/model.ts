import type { LayersModel, TensorFlow } from '../../contract/job.js';
import { ARTIFACT_FILES } from '../../contract/run-directory.js';
import { savedModelOf, UntraceableError } from '../../engine/trace/index.js';
import type { ArtifactStore } from './artifact-store.js';

const WEIGHTS_FILE = 'weights.bin';

/**
 * The trained model twice: as tfjs reads it and goes on training it, and as TensorFlow serves it.
 * @param onUnservable called where the model cannot be a graph: it trained op by op, and is saved for tfjs alone
 */
export async function writeModel(
  store: ArtifactStore,
  tf: TensorFlow,
  model: LayersModel,
  onUnservable: (error: UntraceableError) => void,
): Promise<void> {
  await writeLayersModel(store, tf, model);
  try {
    await store.write(`${ARTIFACT_FILES.savedModel}/saved_model.pb`, savedModelOf(tf, model));
  } catch (error) {
    if (!(error instanceof UntraceableError)) throw error;
    onUnservable(error);
  }
}

/** The files of tfjs's own `file://` handler, which writes them in place and unflushed. */
async function writeLayersModel(store: ArtifactStore, tf: TensorFlow, model: LayersModel): Promise<void> {
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const { weightData, weightSpecs = [], ...described } = artifacts;
    const weights = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
    await store.write(`${ARTIFACT_FILES.layersModel}/${WEIGHTS_FILE}`, weights);
    const weightsManifest = [{ paths: [`./${WEIGHTS_FILE}`], weights: weightSpecs }];
    await store.write(
      `${ARTIFACT_FILES.layersModel}/model.json`,
      JSON.stringify({ ...described, weightsManifest }),
    );
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler);
}
