import { beforeAll, describe, expect, test } from 'vitest';
import {
  createTrainStep,
  type Batch,
  type BatchGroup,
  type LayersModel,
  type Optimizer,
  type StepOptions,
  type TensorFlow,
  type TrainStep,
} from '../../../src/engine/trace/index.js';
import { tensorflow } from '../support/tensorflow.js';
import { bytesOf, disposeModel, makeBatch, randomNumbers, smallNetwork, withoutLeaks } from './support.js';

let tf: TensorFlow;
beforeAll(async () => {
  tf = await tensorflow();
});

const LABEL = { loss: 'sparseCategoricalCrossentropy', output: [3] } as const;
const OPTIONS: StepOptions = { loss: LABEL.loss, optimizer: { name: 'adam' }, seed: 11 };
const STEPS = 3;
const RATES = [0.01, 0.02, 0.005, 0.01, 0.03, 0.001, 0.01];
const kernel = (seed: number) => ({ kernelInitializer: tf.initializers.glorotUniform({ seed }) });

const network = (): LayersModel => smallNetwork(tf, { maxNorm: 0.5 });

function withStep(
  stepsPerCall: number,
  body: (step: TrainStep) => void,
  options: StepOptions = OPTIONS,
  build: () => LayersModel = network,
): void {
  withoutLeaks(tf, (temporaryFolder) => {
    const model = build();
    const choice = { step: 'traced', stepsPerCall } as const;
    const step = createTrainStep(tf, model, { ...options, temporaryFolder }, choice);
    try {
      body(step);
    } finally {
      step.dispose();
      disposeModel(model);
    }
  });
}

const join = <A extends Float32Array | Int32Array | Uint8Array>(arrays: readonly A[]): A => {
  const [first] = arrays as readonly [A];
  const joined = new (first.constructor as new (length: number) => A)(arrays.length * first.length);
  arrays.forEach((array, i) => joined.set(array, i * first.length));
  return joined;
};

const inputsOf = ({ x }: Batch) => (ArrayBuffer.isView(x) ? [x] : x);

function groupOf(batches: readonly Batch[]): BatchGroup {
  const { size, x } = batches[0]!;
  return {
    ...{ steps: batches.length, size },
    x: inputsOf({ size, x } as Batch).map((_, i) => join(batches.map((batch) => inputsOf(batch)[i]!))),
    y: join(batches.map(({ y }) => y)),
  };
}

/** What seven steps tell and leave behind: alone, or two groups of three and one alone. */
function outcomeOf(batches: readonly Batch[], stepsPerCall: number, options: StepOptions, build = network) {
  let outcome: unknown;
  withStep(
    stepsPerCall,
    (step) => {
      const results = [];
      for (let at = 0; at < batches.length;) {
        const steps = batches.length - at >= stepsPerCall ? stepsPerCall : 1;
        const rates = RATES.slice(at, at + steps);
        const these = batches.slice(at, at + steps);
        if (steps === 1) results.push(step.train(these[0]!, rates[0]!));
        else results.push(...step.group!.train(groupOf(these), rates));
        at += steps;
      }
      outcome = { results, state: bytesOf(step.readState()) };
    },
    options,
    build,
  );
  return outcome;
}

const batchesOf = (size: number, inputs = [{ shape: [8, 8, 1] }]) =>
  RATES.map((_, i) => makeBatch(i, size, inputs, LABEL));

describe('steps by one call are the same steps to the bit', () => {
  const OPTIMIZERS: Optimizer[] = [
    { name: 'momentum', momentum: 0.9, useNesterov: true },
    { name: 'adam', epsilonForm: 'hat' },
    { name: 'rmsprop', momentum: 0.5, centered: true },
  ];
  test.each(OPTIMIZERS)('with %j', (optimizer) => {
    const options = { ...OPTIONS, optimizer };
    const batches = batchesOf(7);
    expect(outcomeOf(batches, STEPS, options)).toEqual(outcomeOf(batches, 1, options));
  });

  test('with images as bytes, and a batch as large as one is', () => {
    const next = randomNumbers(4);
    const options: StepOptions = { ...OPTIONS, input: { dtype: 'uint8', scale: 1 / 255 } };
    const batches = RATES.map((_, i) => {
      const x = Uint8Array.from({ length: 128 * 64 }, () => Math.floor(next() * 256));
      return { size: 128, x, y: makeBatch(i, 128, [], LABEL).y };
    });
    expect(outcomeOf(batches, STEPS, options)).toEqual(outcomeOf(batches, 1, options));
  });

  test('with several inputs, of which one is indices', () => {
    const inputs = [{ shape: [5] }, { shape: [2], indices: 9 }];
    const build = () => {
      const [numbers, words] = [tf.input({ shape: [5] }), tf.input({ shape: [2], dtype: 'int32' })];
      const embedded = tf.layers.embedding({ inputDim: 9, outputDim: 3 }).apply(words);
      const both = tf.layers
        .concatenate()
        .apply([numbers, tf.layers.flatten().apply(embedded) as ReturnType<typeof tf.input>]);
      const output = tf.layers.dense({ units: 3, activation: 'softmax', ...kernel(2) }).apply(both);
      return tf.model({ inputs: [numbers, words], outputs: output as ReturnType<typeof tf.input> });
    };
    withStep(
      STEPS,
      (step) => {
        const state = step.readState();
        const batches = batchesOf(4, inputs).slice(0, STEPS);
        const together = step.group!.train(groupOf(batches), RATES.slice(0, STEPS));
        const after = bytesOf(step.readState());
        step.writeState(state);
        expect(batches.map((batch, i) => step.train(batch, RATES[i]!))).toEqual(together);
        expect(bytesOf(step.readState())).toEqual(after);
      },
      OPTIONS,
      build,
    );
  });
});

describe('a group', () => {
  const group = () => groupOf(batchesOf(4).slice(0, STEPS));

  test('is there for more than one step a call, and not op by op', () => {
    withStep(1, (step) => expect(step.group).toBeUndefined());
    withStep(STEPS, (step) => expect(step.group!.steps).toBe(STEPS));
    const model = network();
    const make = () => createTrainStep(tf, model, OPTIONS, { step: 'eager', stepsPerCall: STEPS });
    expect(make).toThrow('several steps a call need the traced step');
    disposeModel(model);
  });

  test('refuses what is no such group, and counts no step then', () => {
    withStep(STEPS, (step) => {
      const rates = RATES.slice(0, STEPS);
      const wrong: [BatchGroup, readonly number[], string][] = [
        [group(), [0.1], 'this step does 3 steps a call, not 3 with 1 learning rates'],
        [{ ...group(), steps: 2 }, [0.1, 0.1], 'this step does 3 steps a call, not 2 with 2 learning rates'],
        [{ ...group(), size: 4 / 3 }, rates, 'is not possible'],
        [{ ...group(), size: 5 }, rates, 'has 768 values, [15, 8, 8, 1] takes 960'],
        [{ ...group(), y: group().y.fill(3) }, rates, 'label 3 is not one of the classes 0 to 2'],
      ];
      for (const [batches, learningRates, message] of wrong) {
        const call = () => step.group!.train(batches, learningRates);
        expect(call).toThrow(RangeError);
        expect(call).toThrow(message);
      }
      expect(step.readState().step).toBe(0);
    });
  });

  test('makes no tensor more with every call', () => {
    withStep(STEPS, (step) => {
      const once = () => step.group!.train(group(), RATES.slice(0, STEPS));
      once();
      const { numTensors, numBytes } = tf.memory();
      for (let i = 0; i < 3; i += 1) once();
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    });
  });
});
