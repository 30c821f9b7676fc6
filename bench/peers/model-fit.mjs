/** Steady training throughput of tfjs-node's own `model.fit`, on the same engine; prints one JSON document. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: {
    dist: { type: 'string' },
    epochs: { type: 'string' },
    images: { type: 'string' },
    threads: { type: 'string' },
  },
  allowPositionals: true,
});
const fromDist = (path) => import(pathToFileURL(join(values.dist, path)).href);
const { prepareEngine } = await fromDist('src/engine/prepare-engine.js');
const { loadTensorFlow } = await fromDist('src/engine/load.js');
const { mnistCnn } = await fromDist('src/jobs/mnist-cnn/index.js');

const engine = await prepareEngine();
const tf = loadTensorFlow(engine, { threads: Number(values.threads) });
const count = Number(values.images);
const read = (name, header) => readFileSync(join(positionals[0], name)).subarray(header);
const images = Float32Array.from(
  read('train-images-idx3-ubyte', 16).subarray(0, count * 28 * 28),
  (byte) => byte / 255,
);
const labels = Float32Array.from(read('train-labels-idx1-ubyte', 8).subarray(0, count));
// Tensors and not generators: what `model.fit` is fastest on.
const x = tf.tensor4d(images, [count, 28, 28, 1]);
const y = tf.tensor2d(labels, [count, 1]);

const model = mnistCnn.buildModel(tf, 42);
model.compile({
  optimizer: tf.train.adam(0.001),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
const seconds = [];
let start = 0;
const { history } = await model.fit(x, y, {
  batchSize: 128,
  epochs: Number(values.epochs),
  shuffle: true,
  verbose: 0,
  yieldEvery: 'never',
  callbacks: {
    onEpochBegin: () => void (start = performance.now()),
    onEpochEnd: () => void seconds.push((performance.now() - start) / 1000),
  },
});
const steady = seconds.slice(1);
const result = {
  imagesPerSecond: (count * steady.length) / steady.reduce((sum, each) => sum + each, 0),
  epochSeconds: seconds,
  loss: history.loss,
  accuracy: history.acc,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  versions: { 'tfjs-node': tf.version['tfjs-node'], tensorflow: engine.version },
};
console.log(JSON.stringify(result));
