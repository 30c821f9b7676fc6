import { beforeAll, describe, expect, test } from 'vitest';
import {
  createTrainStep,
  savedModelOf,
  UntraceableError,
  type Batch,
  type LayersModel,
  type StepOptions,
  type TensorFlow,
  type TrainStep,
} from '../../../src/engine/trace/index.js';
import { tensorflow } from '../support/tensorflow.js';
import {
  bytesOf,
  disposeModel,
  expectClose,
  expectSameResult,
  makeBatch,
  randomNumbers,
  relativeDistance,
  smallNetwork,
  withoutLeaks,
  withPair,
  type InputSpec,
} from './support.js';

let tf: TensorFlow;
beforeAll(async () => {
  tf = await tensorflow();
});

const IMAGE: InputSpec = { shape: [8, 8, 1] };
const LABEL = { loss: 'sparseCategoricalCrossentropy', output: [3] } as const;
const OPTIONS: StepOptions = { loss: LABEL.loss, optimizer: { name: 'adam' }, seed: 11 };
const batchOf = (seed: number, size: number) => makeBatch(seed, size, [IMAGE], LABEL);
const kernel = (seed: number) => ({ kernelInitializer: tf.initializers.glorotUniform({ seed }) });

const network = (given?: { readonly rate: number }): LayersModel => smallNetwork(tf, given);

/** A step over a model of its own; both are gone afterwards, and so must be all that they took. */
function withStep(
  kind: TrainStep['kind'],
  body: (step: TrainStep, model: LayersModel) => void,
  options: StepOptions = OPTIONS,
  build: () => LayersModel = network,
): void {
  withoutLeaks(tf, (temporaryFolder) => {
    const model = build();
    const step = createTrainStep(tf, model, { ...options, temporaryFolder }, { step: kind });
    try {
      expect(step.kind).toBe(kind);
      body(step, model);
    } finally {
      step.dispose();
      disposeModel(model);
    }
  });
}

function trainedBytes(kind: TrainStep['kind'], options: StepOptions, steps = 5) {
  let bytes: ReturnType<typeof bytesOf> | undefined;
  withStep(
    kind,
    (step) => {
      for (let i = 0; i < steps; i += 1) step.train(batchOf(i, 7), 0.01);
      bytes = bytesOf(step.readState());
    },
    options,
  );
  return bytes;
}

describe.each(['traced', 'eager'] as const)('a %s step', (kind) => {
  test('gives the same bytes on every run', () => {
    expect(trainedBytes(kind, OPTIONS)).toEqual(trainedBytes(kind, OPTIONS));
  });

  test('gives other bytes with another seed', () => {
    expect(trainedBytes(kind, OPTIONS)).not.toEqual(trainedBytes(kind, { ...OPTIONS, seed: 12 }));
  });

  test('continues to the bit from a state that was read', () => {
    withStep(kind, (step) => {
      for (let i = 0; i < 5; i += 1) step.train(batchOf(i, 7), 0.01);
      const state = step.readState();
      const written = structuredClone(state);
      const results = [5, 6, 7].map((i) => step.train(batchOf(i, 4), 0.01));
      const after = bytesOf(step.readState());
      withStep(kind, (successor) => {
        successor.writeState(state);
        expect(bytesOf(successor.readState())).toEqual(bytesOf(written));
        expect([5, 6, 7].map((i) => successor.train(batchOf(i, 4), 0.01))).toEqual(results);
        expect(bytesOf(successor.readState())).toEqual(after);
      });
      // Training went on in memory of its own: the state is still what it was.
      expect(bytesOf(state)).toEqual(bytesOf(written));
    });
  });

  test('starts at step 0 with empty slots', () => {
    withStep(kind, (step, model) => {
      const state = step.readState();
      expect(state.step).toBe(0);
      expect(state.weights.map(({ name }) => name)).toEqual([
        'conv2d_1/kernel',
        'batch_normalization_1/gamma',
        'batch_normalization_1/beta',
        'dense_1/kernel',
        'dense_1/bias',
        'batch_normalization_1/moving_mean',
        'batch_normalization_1/moving_variance',
      ]);
      expect(state.weights.map(({ data }) => Array.from(data))).toEqual(
        model.getWeights().map((weight) => Array.from(weight.dataSync())),
      );
      expect(state.slots.map(({ name }) => name)).toEqual(
        ['m', 'v'].flatMap((slot) => state.weights.slice(0, 5).map(({ name }) => `${slot}/${name}`)),
      );
      expect(state.slots.every(({ data }) => data.every((value) => value === 0))).toBe(true);
    });
  });

  test('refuses a state that is not its own, and keeps its own', () => {
    withStep(kind, (step) => {
      step.train(batchOf(1, 4), 0.01);
      const state = step.readState();
      const [first, ...others] = state.weights;
      const refused = [
        { ...state, weights: others },
        { ...state, weights: [{ ...first!, name: 'other/kernel' }, ...others] },
        { ...state, weights: [{ ...first!, shape: [9, 4] }, ...others] },
        { ...state, weights: [{ ...first!, data: first!.data.slice(1) }, ...others] },
        { ...state, slots: [] },
        { ...state, step: -1 },
        { ...state, step: 1.5 },
      ];
      for (const wrong of refused) expect(() => step.writeState(wrong)).toThrow(RangeError);
      expect(bytesOf(step.readState())).toEqual(bytesOf(state));
    });
  });

  test('draws another dropout mask each step, and the same for the same step', () => {
    withStep(kind, (step) => {
      const batch = batchOf(1, 7);
      const state = step.readState();
      const gradients = () => step.gradients(batch).map(({ data }) => Array.from(data));
      const first = gradients();
      expect(gradients()).toEqual(first);
      step.train(batch, 0);
      step.writeState({ ...step.readState(), weights: state.weights });
      expect(step.readState().step).toBe(1);
      expect(gradients()).not.toEqual(first);
      step.writeState(state);
      expect(gradients()).toEqual(first);
    });
  });

  test('moves statistics when it trains, not when it evaluates, predicts or takes gradients', () => {
    withStep(kind, (step) => {
      const before = bytesOf(step.readState());
      const batch = batchOf(1, 7);
      step.evaluate(batch);
      step.predict(batch.x, 7);
      step.gradients(batch);
      expect(bytesOf(step.readState())).toEqual(before);
      step.train(batch, 0);
      const changed = Object.entries(bytesOf(step.readState()).arrays).filter(
        ([name, hex]) => before.arrays[name] !== hex,
      );
      expect(changed.map(([name]) => name).filter((name) => name.includes('moving'))).toEqual([
        'batch_normalization_1/moving_mean',
        'batch_normalization_1/moving_variance',
      ]);
    });
  });

  test('counts the hits', () => {
    withStep(kind, (step) => {
      const batch = batchOf(1, 9);
      const predictions = step.predict(batch.x, 9);
      const classes = Array.from({ length: 9 }, (_, i) => {
        const row = Array.from(predictions.subarray(i * 3, i * 3 + 3));
        expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
        return row.indexOf(Math.max(...row));
      });
      for (const hits of [0, 4, 9]) {
        const y = Int32Array.from(classes, (label, i) => (i < hits ? label : (label + 1) % 3));
        expect(step.evaluate({ ...batch, y }).correct).toBe(hits);
      }
    });
  });

  test('takes a loss that is not a number as it comes', () => {
    // Without relu and max-pool, in which TensorFlow lets numbers win over NaN.
    const build = () =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ inputShape: [8, 8, 1] }),
          tf.layers.dense({ units: 3, activation: 'softmax', ...kernel(1) }),
        ],
      });
    const body = (step: TrainStep) => {
      const batch = batchOf(1, 4);
      (batch.x as Float32Array[])[0]![3] = Number.NaN;
      expect(step.train(batch, 0.01).loss).toBeNaN();
      expect(step.readState().step).toBe(1);
      expect(step.evaluate(batchOf(1, 4)).loss).toBeNaN();
    };
    withStep(kind, body, OPTIONS, build);
  });

  test('shares no memory with a state that it was given', () => {
    withStep(kind, (step) => {
      const state = step.readState();
      // TensorFlow shares the memory of an array that begins at a multiple of 64 bytes: one of these does.
      for (let offset = 0; offset < 16; offset += 1) {
        const weights = state.weights.map((weight) => {
          const data = new Float32Array(weight.data.length + 16).subarray(
            offset,
            offset + weight.data.length,
          );
          data.set(weight.data);
          return { ...weight, data };
        });
        step.writeState({ ...state, weights });
        for (const { data } of weights) data.fill(Number.NaN);
        expect(bytesOf(step.readState())).toEqual(bytesOf(state));
      }
    });
  });

  test('takes bytes for scaled floats', () => {
    const next = randomNumbers(4);
    const bytes = Uint8Array.from({ length: 5 * 64 }, () => Math.floor(next() * 256));
    const y = Int32Array.of(0, 1, 2, 1, 0);
    const results = (['uint8', 'float32'] as const).map((dtype) => {
      const input = dtype === 'uint8' ? { dtype, scale: 1 / 255 } : { dtype };
      const x =
        dtype === 'uint8'
          ? bytes
          : Float32Array.from(bytes, (value) => Math.fround(value * Math.fround(1 / 255)));
      const seen: unknown[] = [];
      withStep(
        kind,
        (step) => {
          seen.push(step.train({ size: 5, x, y }, 0.01), step.train({ size: 5, x, y }, 0.01));
          seen.push(Array.from(step.predict(x, 5)), bytesOf(step.readState()));
        },
        { ...OPTIONS, input },
      );
      return seen;
    });
    expect(results[0]).toEqual(results[1]);
  });

  test('makes no tensor more with every step', () => {
    withStep(kind, (step) => {
      const once = () => {
        step.train(batchOf(1, 4), 0.01);
        step.evaluate(batchOf(2, 3));
        step.predict(batchOf(2, 3).x, 3);
        step.gradients(batchOf(2, 3));
        step.writeState(step.readState());
      };
      once();
      const { numTensors, numBytes } = tf.memory();
      for (let i = 0; i < 5; i += 1) once();
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(tf.memory().numBytes).toBe(numBytes);
    });
  });

  test('refuses a batch that the model does not take', () => {
    withStep(kind, (step) => {
      const good = batchOf(1, 4);
      const [x] = good.x as [Float32Array];
      const wrong: [Batch, string][] = [
        [{ ...good, size: 0 }, 'a batch of 0 examples is not possible'],
        [{ ...good, size: 1.5 }, 'a batch of 1.5 examples is not possible'],
        [{ ...good, x: [x, x] }, 'the model takes 1 inputs, the batch has 2'],
        [{ ...good, x: x.subarray(1) }, 'has 255 values, [4, 8, 8, 1] takes 256'],
        [{ ...good, x: new Uint8Array(256) }, 'must be a Float32Array'],
        [{ ...good, y: new Int32Array(5) }, 'y has 5 values, [4] takes 4'],
        [{ ...good, y: new Float32Array(4) }, 'y must be a Int32Array'],
        [{ ...good, y: Int32Array.of(0, 1, 3, 0) }, 'label 3 is not one of the classes 0 to 2'],
        [{ ...good, y: Int32Array.of(0, -1, 2, 0) }, 'label -1 is not one of the classes 0 to 2'],
      ];
      for (const [batch, message] of wrong) {
        const call = () => step.train(batch, 0.01);
        expect(call).toThrow(RangeError);
        expect(call).toThrow(message);
      }
      expect(step.readState().step).toBe(0);
    });
  });

  test('gives the model its weights', () => {
    withStep(kind, (step, model) => {
      step.train(batchOf(1, 7), 0.1);
      step.updateModel();
      const batch = batchOf(2, 5);
      const predicted = tf.tidy(() =>
        (
          model.predict(tf.tensor((batch.x as Float32Array[])[0]!, [5, 8, 8, 1])) as ReturnType<
            TensorFlow['tensor']
          >
        ).dataSync(),
      );
      expect(relativeDistance(step.predict(batch.x, 5), predicted)).toBeLessThan(1e-6);
    });
  });

  test('is disposed once for all', () => {
    withStep(kind, (step, model) => {
      step.dispose();
      step.dispose();
      expect(() => step.train(batchOf(1, 4), 0.01)).toThrow('has been disposed');
      expect(() => step.readState()).toThrow('has been disposed');
      // The model outlives its step.
      expect(model.getWeights()).toHaveLength(7);
    });
  });
});

test('takes batches of any size, and the mean over them', () => {
  withPair(
    tf,
    () => network({ rate: 0 }),
    OPTIONS,
    ({ traced, eager }) => {
      for (const size of [1, 2, 3, 4, 5, 6, 31, 64, 128]) {
        const batch = batchOf(size, size);
        expectSameResult(traced.evaluate(batch), eager.evaluate(batch), 1e-5);
        expectClose(traced.gradients(batch), eager.gradients(batch), 1e-5);
      }
      const [whole, half] = [batchOf(9, 8), batchOf(9, 8)];
      const [x] = half.x as [Float32Array];
      const parts = [0, 1].map((i) =>
        traced.evaluate({
          size: 4,
          x: x.subarray(i * 256, i * 256 + 256),
          y: half.y.subarray(i * 4, i * 4 + 4),
        }),
      );
      expect((parts[0]!.loss + parts[1]!.loss) / 2).toBeCloseTo(traced.evaluate(whole).loss, 5);
    },
  );
});

test('two traced steps do not touch each other', () => {
  withStep('traced', (first) => {
    const before = bytesOf(first.readState());
    withStep('traced', (second) => {
      second.train(batchOf(1, 7), 0.1);
      expect(bytesOf(first.readState())).toEqual(before);
      expect(bytesOf(second.readState())).not.toEqual(before);
    });
    expect(bytesOf(first.readState())).toEqual(before);
  });
});

test('a share of the inputs given by the rate is dropped, the rest is scaled', () => {
  // One weight a column, straight into the loss: the gradient is the masked input.
  const build = () =>
    tf.sequential({
      layers: [
        tf.layers.dropout({ rate: 0.25, inputShape: [4000] }),
        tf.layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros' }),
      ],
    });
  withStep(
    'traced',
    (step) => {
      const [gradient] = step.gradients({
        size: 1,
        x: new Float32Array(4000).fill(1),
        y: Float32Array.of(-0.5),
      });
      const kept = gradient!.data.filter((value) => value !== 0);
      expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.75)]));
      // 3000 ± 4 standard deviations of the binomial distribution.
      expect(Math.abs(kept.length - 3000)).toBeLessThan(110);
    },
    { loss: 'meanSquaredError', optimizer: { name: 'sgd' }, seed: 1 },
    build,
  );
});

describe('what cannot be traced', () => {
  type Tensor = ReturnType<TensorFlow['tensor']>;

  function withLayer(layer: LayersModel['layers'][number]): LayersModel {
    return tf.sequential({
      layers: [
        tf.layers.dense({ units: 4, inputShape: [8, 8, 1], ...kernel(1) }),
        layer,
        tf.layers.flatten(),
        tf.layers.dense({ units: 3, activation: 'softmax', ...kernel(2) }),
      ],
    });
  }

  /** A layer of the user's that does `compute`. */
  function customLayer(compute: (x: Tensor) => Tensor) {
    class Custom extends tf.layers.Layer {
      static className = 'Custom';
      override call(inputs: Tensor | Tensor[]) {
        return tf.tidy(() => compute(Array.isArray(inputs) ? inputs[0]! : inputs));
      }
    }
    return new Custom();
  }

  const CASES: Record<string, { layer: () => LayersModel['layers'][number]; op: string; why: string }> = {
    'a layer of noise': {
      layer: () => tf.layers.gaussianNoise({ stddev: 0.1 }),
      op: 'GaussianNoise',
      why: 'draws its random numbers in JavaScript',
    },
    'alpha dropout': {
      layer: () => tf.layers.alphaDropout({ rate: 0.1 }),
      op: 'AlphaDropout',
      why: 'draws its random numbers in JavaScript',
    },
    'a layer that looks at a value': {
      layer: () => customLayer((x) => (tf.max(x).dataSync()[0]! > 0 ? tf.relu(x) : x)),
      op: 'Max',
      why: 'its value is read while the model runs',
    },
    'a layer with random numbers of its own': {
      layer: () => customLayer((x) => tf.mul(x, tf.randomUniform(x.shape))),
      op: 'Mul',
      why: 'JavaScript makes anew on each run',
    },
    'an operation whose type only eager execution finds out': {
      layer: () =>
        customLayer((x) => {
          const backend = tf.backend() as unknown as {
            executeSingleOutput(op: string, attrs: [], inputs: Tensor[]): Tensor;
          };
          return backend.executeSingleOutput('Softsign', [], [x]);
        }),
      op: 'Softsign',
      why: 'TensorFlow refuses its graph',
    },
    'a layer that treats one size of batch apart': {
      layer: () => customLayer((x) => (x.shape[0] === 4 ? tf.mul(x, 2) : x)),
      op: 'model',
      why: 'where tfjs gives',
    },
    'a layer that loops over the batch': {
      layer: () => customLayer((x) => tf.stack(tf.unstack(x).map((example) => tf.relu(example)))),
      op: 'Unpack',
      why: 'depends on the batch size',
    },
  };

  test.each(Object.keys(CASES))('%s is refused by name, and trained eagerly', (name) => {
    const { layer, op, why } = CASES[name]!;
    withoutLeaks(tf, (temporaryFolder) => {
      const model = withLayer(layer());
      const options = { ...OPTIONS, temporaryFolder };
      const forced = () => createTrainStep(tf, model, options, { step: 'traced' });
      expect(forced).toThrow(UntraceableError);
      expect(forced).toThrow(why);

      const told: UntraceableError[] = [];
      const step = createTrainStep(tf, model, options, { onFallback: (error) => told.push(error) });
      expect(told.map((error) => error.op)).toEqual([op]);
      expect(step.kind).toBe('eager');
      const losses = Array.from({ length: 8 }, () => step.train(batchOf(1, 6), 0.05).loss);
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
      step.dispose();
      disposeModel(model);
    });
  });

  test('a recurrent layer that keeps its state is refused by name', () => {
    withoutLeaks(tf, (temporaryFolder) => {
      const layer = tf.layers.lstm({ units: 3, stateful: true, batchInputShape: [4, 3, 2] });
      const model = tf.sequential({ layers: [layer] });
      const forced = () => createTrainStep(tf, model, { ...OPTIONS, temporaryFolder }, { step: 'traced' });
      expect(forced).toThrow(/^LSTM cannot be traced: layer ".+" carries its state from batch to batch/);
      tf.dispose((layer as unknown as { states_: Tensor[] }).states_);
      disposeModel(model);
    });
  });

  test('the warning, if nobody listens, is one of Node', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    const model = withLayer(tf.layers.gaussianNoise({ stddev: 0.1 }));
    createTrainStep(tf, model, OPTIONS).dispose();
    createTrainStep(tf, model, OPTIONS, { stepsPerCall: 8 }).dispose();
    disposeModel(model);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    const why =
      '^GaussianNoise cannot be traced: layer ".+" draws its random numbers in JavaScript; it trains';
    expect(warnings.map(({ name, message }) => [name, message])).toEqual([
      [
        'UntraceableWarning',
        expect.stringMatching(new RegExp(`${why} operation by operation, which is slower$`)),
      ],
      [
        'UntraceableWarning',
        expect.stringMatching(
          new RegExp(`${why} operation by operation, one step a call and not 8, which is slower$`),
        ),
      ],
    ]);
  });

  test('a model with two outputs fits no step', () => {
    withoutLeaks(tf, () => {
      const x = tf.input({ shape: [4] });
      const outputs = [1, 2].map((seed) => tf.layers.dense({ units: 2, ...kernel(seed) }).apply(x)) as never;
      const model = tf.model({ inputs: x, outputs });
      expect(() => createTrainStep(tf, model, OPTIONS)).toThrow('has 2 outputs; a training step takes one');
      disposeModel(model);
    });
  });

  test('a model with an input of unknown length fits no step', () => {
    withoutLeaks(tf, () => {
      const model = tf.sequential({ layers: [tf.layers.lstm({ units: 2, inputShape: [null, 3] })] });
      expect(() => createTrainStep(tf, model, OPTIONS)).toThrow(
        'has a dimension beside the batch whose size is not fixed',
      );
      disposeModel(model);
    });
  });
});

test('savedModelOf leaves nothing behind', () => {
  withoutLeaks(tf, () => {
    const model = network();
    expect(savedModelOf(tf, model).length).toBeGreaterThan(1000);
    disposeModel(model);
  });
});
