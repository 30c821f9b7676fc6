import { beforeAll, describe, expect, test } from 'vitest';
import {
  createTrainStep,
  type LayersModel,
  type Loss,
  type Optimizer,
  type TensorFlow,
} from '../../../src/engine/trace/index.js';
import { tensorflow } from '../support/tensorflow.js';
import {
  bytesOf,
  disposeModel,
  expectAgreement,
  makeBatch,
  withoutLeaks,
  withPair,
  type InputSpec,
} from './support.js';

let tf: TensorFlow;
beforeAll(async () => {
  tf = await tensorflow();
});

const VECTOR: InputSpec = { shape: [6] };
const kernel = (seed: number) => ({ kernelInitializer: tf.initializers.glorotUniform({ seed }) });
type Tensor = ReturnType<TensorFlow['tensor']>;
type Symbolic = ReturnType<TensorFlow['input']>;

/** Two dense layers; `last` gives the output layer its activation. */
function network(outputs: number, last: 'linear' | 'softmax' | 'sigmoid'): LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.dense({ units: 8, activation: 'tanh', inputShape: [6], ...kernel(1) }),
      tf.layers.dense({ units: outputs, activation: last, ...kernel(2) }),
    ],
  });
}

describe('traced and eager agree on the loss', () => {
  const CASES: {
    loss: Loss;
    last: 'linear' | 'softmax' | 'sigmoid';
    fromLogits?: boolean;
    outputs: number;
  }[] = [
    { loss: 'sparseCategoricalCrossentropy', last: 'softmax', outputs: 4 },
    { loss: 'sparseCategoricalCrossentropy', last: 'linear', fromLogits: true, outputs: 4 },
    { loss: 'sparseCategoricalCrossentropy', last: 'sigmoid', outputs: 4 },
    { loss: 'categoricalCrossentropy', last: 'softmax', outputs: 4 },
    { loss: 'categoricalCrossentropy', last: 'linear', fromLogits: true, outputs: 4 },
    { loss: 'categoricalCrossentropy', last: 'sigmoid', outputs: 4 },
    { loss: 'binaryCrossentropy', last: 'sigmoid', outputs: 1 },
    { loss: 'binaryCrossentropy', last: 'sigmoid', outputs: 3 },
    { loss: 'binaryCrossentropy', last: 'linear', fromLogits: true, outputs: 1 },
    { loss: 'binaryCrossentropy', last: 'softmax', outputs: 3 },
    { loss: 'meanSquaredError', last: 'linear', outputs: 3 },
  ];
  test.each(CASES)('$loss of $outputs from $last', ({ loss, last, fromLogits = false, outputs }) => {
    const label = { loss, output: [outputs] };
    const options = { loss, fromLogits, optimizer: { name: 'sgd' } } as const;
    expectAgreement(tf, () => network(outputs, last), options, [VECTOR], label, 0.1);
  });

  test('sparse cross-entropy of every time step', () => {
    const build = () =>
      tf.sequential({
        layers: [tf.layers.dense({ units: 3, activation: 'softmax', inputShape: [5, 4], ...kernel(1) })],
      });
    const loss = 'sparseCategoricalCrossentropy';
    const options = { loss, optimizer: { name: 'sgd' } } as const;
    expectAgreement(tf, build, options, [{ shape: [5, 4] }], { loss, output: [5, 3] }, 0.1);
  });
});

describe('traced and eager agree on the optimizer', () => {
  const OPTIMIZERS: Optimizer[] = [
    { name: 'sgd' },
    { name: 'momentum', momentum: 0.9 },
    { name: 'momentum', momentum: 0.9, useNesterov: true },
    { name: 'adam' },
    { name: 'adam', epsilonForm: 'hat' },
    { name: 'adam', beta1: 0.8, beta2: 0.99, epsilon: 1e-3 },
    { name: 'adam', beta1: 0.8, beta2: 0.99, epsilon: 1e-3, epsilonForm: 'hat' },
    { name: 'rmsprop' },
    { name: 'rmsprop', decay: 0.8, momentum: 0.5, epsilon: 1e-5 },
    { name: 'rmsprop', centered: true },
    { name: 'rmsprop', momentum: 0.5, centered: true },
  ];
  test.each(OPTIMIZERS.map((optimizer) => ({ optimizer, title: JSON.stringify(optimizer) })))(
    '$title',
    ({ optimizer }) => {
      const loss = 'sparseCategoricalCrossentropy';
      const label = { loss, output: [4] } as const;
      expectAgreement(tf, () => network(4, 'softmax'), { loss, optimizer }, [VECTOR], label, 0.01);
    },
  );

  test('the learning rate is that of the step', () => {
    const loss = 'meanSquaredError';
    withPair(
      tf,
      () => network(3, 'linear'),
      { loss, optimizer: { name: 'sgd' } },
      ({ traced, eager }) => {
        const batch = makeBatch(1, 4, [VECTOR], { loss, output: [3] });
        for (const step of [traced, eager]) {
          const [before] = step.readState().weights;
          const [gradient] = step.gradients(batch);
          step.train(batch, 0);
          expect(step.readState().weights[0]!.data).toEqual(before!.data);
          step.train(batch, 0.5);
          const expected = before!.data.map((value, i) => Math.fround(value - 0.5 * gradient!.data[i]!));
          step.readState().weights[0]!.data.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
        }
      },
    );
  });
});

describe('traced and eager agree on the model', () => {
  const loss = 'sparseCategoricalCrossentropy';
  const options = { loss, optimizer: { name: 'adam' }, seed: 5 } as const;
  const label = { loss, output: [3] } as const;
  const classify = (x: Symbolic, seed: number): Symbolic =>
    tf.layers.dense({ units: 3, activation: 'softmax', ...kernel(seed) }).apply(x) as Symbolic;
  const dense = (x: Symbolic, seed: number, units = 6): Symbolic =>
    tf.layers.dense({ units, activation: 'relu', ...kernel(seed) }).apply(x) as Symbolic;

  const MERGES = ['add', 'average', 'concatenate', 'maximum', 'minimum', 'multiply'] as const;
  test.each(MERGES)('with a branch merged by %s', (merge) => {
    const build = () => {
      const x = tf.input({ shape: [6] });
      const merged = tf.layers[merge]().apply([x, dense(dense(x, 1), 2)]) as Symbolic;
      return tf.model({ inputs: x, outputs: classify(merged, 3) });
    };
    expectAgreement(tf, build, options, [VECTOR], label);
  });

  test('with a dot product', () => {
    const build = () => {
      const x = tf.input({ shape: [6, 4] });
      const dot = tf.layers.dot({ axes: 2 }).apply([x, x]) as Symbolic;
      return tf.model({ inputs: x, outputs: classify(tf.layers.flatten().apply(dot) as Symbolic, 3) });
    };
    expectAgreement(tf, build, options, [{ shape: [6, 4] }], label);
  });

  test('with residual blocks of convolutions', () => {
    const build = () => {
      const x = tf.input({ shape: [6, 6, 2] });
      const conv = (value: Symbolic, seed: number) =>
        tf.layers
          .conv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false, ...kernel(seed) })
          .apply(value) as Symbolic;
      const normalized = (value: Symbolic) => tf.layers.batchNormalization({}).apply(value) as Symbolic;
      const relu = (value: Symbolic) => tf.layers.reLU().apply(value) as Symbolic;
      const stem = relu(normalized(conv(x, 1)));
      const block = tf.layers
        .add()
        .apply([stem, normalized(conv(relu(normalized(conv(stem, 2))), 3))]) as Symbolic;
      const pooled = tf.layers.globalAveragePooling2d({}).apply(relu(block)) as Symbolic;
      return tf.model({ inputs: x, outputs: classify(pooled, 4) });
    };
    expectAgreement(tf, build, options, [{ shape: [6, 6, 2] }], label);
  });

  test('with several inputs, one of them indices', () => {
    const build = () => {
      const numbers = tf.input({ shape: [6] });
      const words = tf.input({ shape: [2], dtype: 'int32' });
      const embeddingsInitializer = tf.initializers.glorotUniform({ seed: 9 });
      const embedded = tf.layers
        .embedding({ inputDim: 7, outputDim: 3, embeddingsInitializer })
        .apply(words) as Symbolic;
      const flat = tf.layers.flatten().apply(embedded) as Symbolic;
      const joined = tf.layers.concatenate().apply([dense(numbers, 1), flat]) as Symbolic;
      return tf.model({ inputs: [numbers, words], outputs: classify(joined, 2) });
    };
    expectAgreement(tf, build, options, [VECTOR, { shape: [2], indices: 7 }], label);
  });

  test('with a nested model, used twice', () => {
    const build = () => {
      const inner = tf.sequential({
        layers: [
          tf.layers.dense({ units: 6, activation: 'tanh', inputShape: [6], ...kernel(1) }),
          tf.layers.dropout({ rate: 0.3 }),
        ],
      });
      const x = tf.input({ shape: [6] });
      const twice = inner.apply(inner.apply(x)) as Symbolic;
      return tf.model({ inputs: x, outputs: classify(twice, 2) });
    };
    expectAgreement(tf, build, options, [VECTOR], label);
  });

  test('with a shared layer', () => {
    const build = () => {
      const shared = tf.layers.dense({ units: 6, activation: 'relu', ...kernel(1) });
      const x = tf.input({ shape: [6] });
      const y = shared.apply(shared.apply(x)) as Symbolic;
      return tf.model({ inputs: x, outputs: classify(y, 2) });
    };
    expectAgreement(tf, build, options, [VECTOR], label);
  });

  test('whose output layer is used inside it as well', () => {
    const build = () => {
      const shared = tf.layers.dense({ units: 3, activation: 'softmax', ...kernel(1) });
      const x = tf.input({ shape: [3] });
      return tf.model({ inputs: x, outputs: shared.apply(shared.apply(x)) as Symbolic });
    };
    expectAgreement(tf, build, options, [{ shape: [3] }], label);
  });

  const regularizers = [
    ['l1', () => tf.regularizers.l1({ l1: 0.01 })],
    ['l2', () => tf.regularizers.l2({ l2: 0.02 })],
    ['l1l2', () => tf.regularizers.l1l2({ l1: 0.01, l2: 0.02 })],
  ] as const;
  test.each(regularizers)('with the regularizer %s', (_, kernelRegularizer) => {
    const build = () => {
      const x = tf.input({ shape: [6] });
      const hidden = tf.layers.dense({ units: 5, kernelRegularizer: kernelRegularizer(), ...kernel(1) });
      return tf.model({ inputs: x, outputs: classify(hidden.apply(x) as Symbolic, 2) });
    };
    expectAgreement(tf, build, options, [VECTOR], label);
    withPair(tf, build, options, ({ traced }) => {
      const batch = makeBatch(1, 4, [VECTOR], label);
      expect(traced.train(batch, 0).loss).toBeGreaterThan(traced.evaluate(batch).loss);
    });
  });

  const constraints = [
    ['maxNorm', () => tf.constraints.maxNorm({ maxValue: 0.5, axis: 0 })],
    ['minMaxNorm', () => tf.constraints.minMaxNorm({ minValue: 0.7, maxValue: 0.8, rate: 0.5, axis: 0 })],
    ['nonNeg', () => tf.constraints.nonNeg()],
    ['unitNorm', () => tf.constraints.unitNorm({ axis: 0 })],
  ] as const;
  test.each(constraints)('with the constraint %s', (_, kernelConstraint) => {
    const build = () => {
      const x = tf.input({ shape: [6] });
      const hidden = tf.layers.dense({ units: 5, kernelConstraint: kernelConstraint(), ...kernel(1) });
      return tf.model({ inputs: x, outputs: classify(hidden.apply(x) as Symbolic, 2) });
    };
    expectAgreement(tf, build, options, [VECTOR], label);
  });

  test('a constraint holds after every step', () => {
    const build = () => {
      const x = tf.input({ shape: [6] });
      const hidden = tf.layers.dense({ units: 5, kernelConstraint: tf.constraints.nonNeg(), ...kernel(1) });
      return tf.model({ inputs: x, outputs: classify(hidden.apply(x) as Symbolic, 2) });
    };
    withPair(tf, build, options, ({ traced, eager }) => {
      for (const step of [traced, eager]) {
        expect(Math.min(...step.readState().weights[0]!.data)).toBeLessThan(0);
        step.train(makeBatch(1, 4, [VECTOR], label), 0.01);
        expect(Math.min(...step.readState().weights[0]!.data)).toBe(0);
      }
    });
  });

  test('whose frozen layers stay as they are', () => {
    const build = () => {
      const x = tf.input({ shape: [6] });
      const frozen = tf.layers.dense({ units: 6, trainable: false, ...kernel(1) });
      const later = tf.layers.dense({ units: 6, ...kernel(2) });
      const outputs = classify(later.apply(frozen.apply(x)) as Symbolic, 3);
      later.trainable = false;
      return tf.model({ inputs: x, outputs });
    };
    expectAgreement(tf, build, options, [VECTOR], label);
    withPair(tf, build, options, ({ traced, eager }) => {
      for (const step of [traced, eager]) {
        const batch = makeBatch(1, 4, [VECTOR], label);
        const before = step.readState();
        step.train(batch, 0.1);
        const after = step.readState();
        const changed = after.weights.filter(
          ({ data }, i) => !Buffer.from(data.buffer).equals(Buffer.from(before.weights[i]!.data.buffer)),
        );
        expect(changed.map(({ name }) => name)).toEqual(['dense_3/kernel', 'dense_3/bias']);
        expect(step.gradients(batch).map(({ name }) => name)).toEqual(['dense_3/kernel', 'dense_3/bias']);
      }
    });
  });

  test('with a weight that the loss does not depend on', () => {
    class Idle extends tf.layers.Layer {
      static className = 'Idle';
      override build() {
        this.addWeight('unused', [2], 'float32', tf.initializers.ones());
        this.built = true;
      }
      override call(inputs: Tensor | Tensor[]) {
        return inputs;
      }
    }
    const build = () => {
      const x = tf.input({ shape: [6] });
      return tf.model({ inputs: x, outputs: classify(new Idle().apply(dense(x, 1)) as Symbolic, 2) });
    };
    expectAgreement(tf, build, options, [VECTOR], label);
    withPair(tf, build, options, ({ traced, eager }) => {
      for (const step of [traced, eager]) {
        const batch = makeBatch(1, 4, [VECTOR], label);
        expect(step.gradients(batch).find(({ name }) => name.endsWith('/unused'))!.data).toEqual(
          new Float32Array(2),
        );
        step.train(batch, 0.1);
        expect(step.readState().weights.find(({ name }) => name.endsWith('/unused'))!.data).toEqual(
          Float32Array.of(1, 1),
        );
      }
    });
  });

  test('two of whose weights share their memory in tfjs', () => {
    const build = () => {
      const model = tf.sequential({
        layers: [
          tf.layers.dense({ units: 6, useBias: false, activation: 'tanh', inputShape: [6] }),
          tf.layers.dense({ units: 6, useBias: false, activation: 'tanh' }),
          tf.layers.dense({ units: 3, activation: 'softmax', ...kernel(1) }),
        ],
      });
      tf.tidy(() => {
        const same = tf.randomUniform([6, 6], -1, 1, 'float32', 4);
        model.layers[0]!.setWeights([same]);
        model.layers[1]!.setWeights([same]);
      });
      return model;
    };
    expectAgreement(tf, build, options, [VECTOR], label);
  });
});

test('models that are built alike have weights of the same names', () => {
  const names = () => {
    const model = network(3, 'softmax');
    const step = createTrainStep(tf, model, { loss: 'meanSquaredError', optimizer: { name: 'sgd' } });
    const state = step.readState();
    step.dispose();
    disposeModel(model);
    return { names: state.weights.map(({ name }) => name), bytes: bytesOf(state) };
  };
  withoutLeaks(tf, () => {
    const first = names();
    expect(first.names).toEqual(['dense_1/kernel', 'dense_1/bias', 'dense_2/kernel', 'dense_2/bias']);
    expect(names()).toEqual(first);
  });
});
