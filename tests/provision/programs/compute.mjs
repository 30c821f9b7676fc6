// Loads TensorFlow from the engine in the cache and multiplies two matrices.
import { loadTensorFlow } from '../../../dist/src/engine/load.js';
import { prepareEngine } from '../../../dist/src/engine/prepare-engine.js';

const tf = loadTensorFlow(await prepareEngine(), { threads: 1 });
const product = tf.matMul(
  tf.tensor2d([
    [1, 2],
    [3, 4],
  ]),
  tf.tensor2d([[5], [6]]),
);
process.stdout.write(`${process.version} ${tf.getBackend()} ${product.dataSync().join(' ')}\n`);
