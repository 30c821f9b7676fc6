import type { LayersModel, TensorFlow } from '../../contract/job.js';
import { CLASS_NAMES, IMAGE_SHAPE } from './data.js';

/** Layers whose weights are drawn at random. */
const DRAWN_LAYERS = 4;

/**
 * The CNN of the Keras MNIST examples: conv 32 – pool – conv 64 – pool – dense 128 – dropout 0.5 – dense 10.
 * Input `[batch, 28, 28, 1]` scaled to [0, 1]; output `[batch, 10]`, probabilities. 225,034 weights.
 */
export function buildMnistCnn(tf: TensorFlow, seed: number): LayersModel {
  // A stride between seeds, so that no layer of one run starts from the weights of another layer of the next seed.
  let layer = 0;
  const kernelInitializer = () => tf.initializers.glorotUniform({ seed: seed * DRAWN_LAYERS + layer++ });

  return tf.sequential({
    name: 'mnist_cnn',
    layers: [
      tf.layers.conv2d({
        name: 'conv1',
        inputShape: [...IMAGE_SHAPE],
        filters: 32,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer: kernelInitializer(),
      }),
      tf.layers.maxPooling2d({ name: 'pool1', poolSize: 2 }),
      tf.layers.conv2d({
        name: 'conv2',
        filters: 64,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer: kernelInitializer(),
      }),
      tf.layers.maxPooling2d({ name: 'pool2', poolSize: 2 }),
      tf.layers.flatten({ name: 'flatten' }),
      tf.layers.dense({
        name: 'dense1',
        units: 128,
        activation: 'relu',
        kernelInitializer: kernelInitializer(),
      }),
      tf.layers.dropout({ name: 'dropout', rate: 0.5, seed }),
      tf.layers.dense({
        name: 'probabilities',
        units: CLASS_NAMES.length,
        activation: 'softmax',
        kernelInitializer: kernelInitializer(),
      }),
    ],
  });
}
