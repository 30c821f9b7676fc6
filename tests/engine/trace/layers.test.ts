import { beforeAll, describe, test } from 'vitest';
import type { LayersModel, TensorFlow } from '../../../src/engine/trace/index.js';
import { tensorflow } from '../support/tensorflow.js';
import { expectAgreement, type InputSpec } from './support.js';

let tf: TensorFlow;
beforeAll(async () => {
  tf = await tensorflow();
});

type Layer = LayersModel['layers'][number];
interface Case {
  readonly input: InputSpec;
  /** The layers under test; a flatten and a dense layer with 3 classes follow. */
  readonly layers: (initializers: Seeded) => Layer[];
}

const IMAGE: InputSpec = { shape: [8, 6, 3] };
const SERIES: InputSpec = { shape: [6, 4] };
const VECTOR: InputSpec = { shape: [9] };
const WORDS: InputSpec = { shape: [5], indices: 11 };
const RNN = { units: 4 };

const CASES: Readonly<Record<string, Case>> = {
  dense: { input: VECTOR, layers: (s) => [tf.layers.dense({ units: 5, activation: 'relu', ...s() })] },
  'dense on a series': {
    input: SERIES,
    layers: (s) => [tf.layers.dense({ units: 5, activation: 'tanh', ...s() })],
  },
  'dense without bias': {
    input: VECTOR,
    layers: (s) => [tf.layers.dense({ units: 5, useBias: false, ...s() })],
  },
  conv1d: {
    input: SERIES,
    layers: (s) => [tf.layers.conv1d({ filters: 5, kernelSize: 3, activation: 'relu', ...s() })],
  },
  conv2d: {
    input: IMAGE,
    layers: (s) => [tf.layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu', ...s() })],
  },
  'conv2d, strided and padded': {
    input: IMAGE,
    layers: (s) => [tf.layers.conv2d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', ...s() })],
  },
  'conv2d of one pixel': {
    input: IMAGE,
    layers: (s) => [tf.layers.conv2d({ filters: 5, kernelSize: 1, activation: 'relu', ...s() })],
  },
  conv2dTranspose: {
    input: IMAGE,
    layers: (s) => [
      tf.layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', ...s() }),
    ],
  },
  depthwiseConv2d: {
    input: IMAGE,
    layers: (s) => [
      tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, activation: 'relu', ...s('depthwise') }),
    ],
  },
  separableConv2d: {
    input: IMAGE,
    layers: (s) => [
      tf.layers.separableConv2d({
        filters: 5,
        kernelSize: 3,
        activation: 'relu',
        ...s('depthwise', 'pointwise'),
      }),
    ],
  },
  maxPooling1d: { input: SERIES, layers: () => [tf.layers.maxPooling1d({ poolSize: 2 })] },
  maxPooling2d: { input: IMAGE, layers: () => [tf.layers.maxPooling2d({ poolSize: 2 })] },
  'maxPooling2d, overlapping and padded': {
    input: IMAGE,
    layers: () => [tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })],
  },
  'maxPooling2d of a relu': {
    input: IMAGE,
    layers: (s) => [
      tf.layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu', ...s() }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
    ],
  },
  'maxPooling2d of a relu, overlapping and padded': {
    input: IMAGE,
    layers: (s) => [
      tf.layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu', ...s() }),
      tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
    ],
  },
  averagePooling1d: { input: SERIES, layers: () => [tf.layers.averagePooling1d({ poolSize: 2 })] },
  averagePooling2d: { input: IMAGE, layers: () => [tf.layers.averagePooling2d({ poolSize: 2 })] },
  globalAveragePooling1d: { input: SERIES, layers: () => [tf.layers.globalAveragePooling1d({})] },
  globalAveragePooling2d: { input: IMAGE, layers: () => [tf.layers.globalAveragePooling2d({})] },
  globalMaxPooling1d: { input: SERIES, layers: () => [tf.layers.globalMaxPooling1d({})] },
  globalMaxPooling2d: { input: IMAGE, layers: () => [tf.layers.globalMaxPooling2d({})] },
  dropout: {
    input: VECTOR,
    layers: (s) => [tf.layers.dense({ units: 30, ...s() }), tf.layers.dropout({ rate: 0.4 })],
  },
  'dropout with a noise shape': {
    input: SERIES,
    layers: () => [tf.layers.dropout({ rate: 0.4, noiseShape: [null, 1, 4] as unknown as number[] })],
  },
  spatialDropout1d: { input: SERIES, layers: () => [tf.layers.spatialDropout1d({ rate: 0.4 })] },
  // Without bias: normalization takes it out again, its gradient is nothing but rounding.
  'batchNormalization of images': {
    input: IMAGE,
    layers: (s) => [
      tf.layers.conv2d({ filters: 5, kernelSize: 3, useBias: false, ...s() }),
      tf.layers.batchNormalization({}),
    ],
  },
  'batchNormalization of vectors': {
    input: VECTOR,
    layers: (s) => [
      tf.layers.dense({ units: 5, useBias: false, ...s() }),
      tf.layers.batchNormalization({ momentum: 0.9 }),
    ],
  },
  layerNormalization: { input: SERIES, layers: () => [tf.layers.layerNormalization({})] },
  flatten: { input: IMAGE, layers: () => [tf.layers.flatten()] },
  reshape: { input: IMAGE, layers: () => [tf.layers.reshape({ targetShape: [4, 36] })] },
  permute: { input: IMAGE, layers: () => [tf.layers.permute({ dims: [3, 1, 2] })] },
  repeatVector: { input: VECTOR, layers: () => [tf.layers.repeatVector({ n: 3 })] },
  zeroPadding2d: {
    input: IMAGE,
    layers: () => [
      tf.layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 1],
        ],
      }),
    ],
  },
  cropping2d: {
    input: IMAGE,
    layers: () => [
      tf.layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 1],
        ],
      }),
    ],
  },
  upSampling2d: { input: IMAGE, layers: () => [tf.layers.upSampling2d({ size: [2, 2] })] },
  'upSampling2d, bilinear': {
    input: IMAGE,
    layers: () => [tf.layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' })],
  },
  embedding: {
    input: WORDS,
    layers: (s) => [tf.layers.embedding({ inputDim: 11, outputDim: 4, ...s('embeddings') })],
  },
  simpleRNN: { input: SERIES, layers: (s) => [tf.layers.simpleRNN({ ...RNN, ...s('kernel', 'recurrent') })] },
  lstm: { input: SERIES, layers: (s) => [tf.layers.lstm({ ...RNN, ...s('kernel', 'recurrent') })] },
  'lstm that returns its series': {
    input: SERIES,
    layers: (s) => [tf.layers.lstm({ ...RNN, returnSequences: true, ...s('kernel', 'recurrent') })],
  },
  gru: { input: SERIES, layers: (s) => [tf.layers.gru({ ...RNN, ...s('kernel', 'recurrent') })] },
  'lstm with dropout': {
    input: SERIES,
    layers: (s) => [
      tf.layers.lstm({ ...RNN, dropout: 0.3, recurrentDropout: 0.2, ...s('kernel', 'recurrent') }),
    ],
  },
  'gru with dropout': {
    input: SERIES,
    layers: (s) => [tf.layers.gru({ ...RNN, dropout: 0.3, ...s('kernel', 'recurrent') })],
  },
  'bidirectional lstm': {
    input: SERIES,
    layers: (s) => [
      tf.layers.bidirectional({
        layer: tf.layers.lstm({ ...RNN, ...s('kernel', 'recurrent') }),
        mergeMode: 'concat',
      }),
    ],
  },
  'timeDistributed dense': {
    input: SERIES,
    layers: (s) => [tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 3, ...s() }) })],
  },
  'embedding, masked, into lstm': {
    input: WORDS,
    layers: (s) => [
      tf.layers.embedding({ inputDim: 11, outputDim: 4, maskZero: true, ...s('embeddings') }),
      tf.layers.lstm({ ...RNN, ...s('kernel', 'recurrent') }),
    ],
  },
  leakyReLU: { input: VECTOR, layers: () => [tf.layers.leakyReLU({ alpha: 0.2 })] },
  prelu: {
    input: VECTOR,
    layers: () => [tf.layers.prelu({ alphaInitializer: tf.initializers.constant({ value: 0.2 }) })],
  },
  'relu layer with a ceiling': { input: VECTOR, layers: () => [tf.layers.reLU({ maxValue: 0.5 })] },
  'elu layer': { input: VECTOR, layers: () => [tf.layers.elu({ alpha: 1 })] },
  thresholdedReLU: { input: VECTOR, layers: () => [tf.layers.thresholdedReLU({ theta: 0.3 })] },
  'softmax layer': { input: SERIES, layers: () => [tf.layers.softmax({ axis: 2 })] },
};

/** Initializers with seeds of their own, e.g. `kernelInitializer`; 'kernel' if no other is named. */
type Seeded = (...weights: string[]) => object;

function seeded(): Seeded {
  let seed = 0;
  return (...weights) => {
    const names = weights.length === 0 ? ['kernel'] : weights;
    const initializer = () => tf.initializers.glorotUniform({ seed: (seed += 1) });
    return Object.fromEntries(names.map((name) => [`${name}Initializer`, initializer()]));
  };
}

function classifier({ input, layers }: Case): LayersModel {
  const seed = seeded();
  const x = tf.input({ shape: [...input.shape], dtype: input.indices === undefined ? 'float32' : 'int32' });
  const apply = (value: typeof x, layer: Layer) => layer.apply(value) as typeof x;
  const tested = layers(seed).reduce(apply, x);
  const flat = tested.shape.length > 2 ? apply(tested, tf.layers.flatten()) : tested;
  const y = apply(flat, tf.layers.dense({ units: 3, activation: 'softmax', ...seed() }));
  return tf.model({ inputs: x, outputs: y });
}

const options = { loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam' }, seed: 3 } as const;
const label = { loss: options.loss, output: [3] } as const;

describe('traced and eager agree on the layer', () => {
  test.each(Object.keys(CASES))('%s', (name) => {
    const given = CASES[name]!;
    expectAgreement(tf, () => classifier(given), options, [given.input], label);
  });
});

const ACTIVATIONS = [
  'elu',
  'gelu',
  'gelu_new',
  'hardSigmoid',
  'linear',
  'mish',
  'relu',
  'relu6',
  'selu',
  'sigmoid',
  'softmax',
  'softplus',
  'softsign',
  'swish',
  'tanh',
] as const;

describe('traced and eager agree on the activation', () => {
  test.each(ACTIVATIONS)('%s', (activation) => {
    const given: Case = {
      input: VECTOR,
      layers: (s) => [
        tf.layers.dense({ units: 6, ...s() }),
        tf.layers.activation({ activation: activation }),
      ],
    };
    expectAgreement(tf, () => classifier(given), options, [given.input], label);
  });
});
