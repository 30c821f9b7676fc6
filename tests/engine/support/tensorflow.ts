import { loadTensorFlow, type TensorFlow } from '../../../src/engine/load.js';
import { prepareEngine } from '../../../src/engine/prepare-engine.js';

/** tfjs on the provisioned TensorFlow, in this process. Each test file is one process, so each can choose. */
export async function tensorflow({ threads = 2 }: { readonly threads?: number } = {}): Promise<TensorFlow> {
  return loadTensorFlow(await prepareEngine({}), { threads });
}
