/**
 * What the traced step does otherwise where TensorFlow has a card. There is none here: the backend is made to say that
 * there is, and the operations that are taken for one run on the processor.
 */
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { backendOf } from '../../../src/engine/trace/backend.js';
import { createTrainStep, type StepResult, type TensorFlow } from '../../../src/engine/trace/index.js';
import { TrainingProgram } from '../../../src/engine/trace/program.js';
import { recordAll } from '../../../src/engine/trace/recordings.js';
import { buildStepGraph } from '../../../src/engine/trace/step-graph.js';
import { tensorflow } from '../support/tensorflow.js';
import { disposeModel, expectAgreement, makeBatch, smallNetwork, withoutLeaks } from './support.js';

let tf: TensorFlow;
beforeAll(async () => {
  tf = await tensorflow();
});

/** Of each, TensorFlow has no kernel for cards that gives the same bits each time. */
const FUSED = ['SoftmaxCrossEntropyWithLogits', 'SparseSoftmaxCrossEntropyWithLogits'];

function claimCard(): void {
  const backend = backendOf(tf) as { isUsingGpuDevice: boolean };
  expect(backend.isUsingGpuDevice).toBe(false);
  backend.isUsingGpuDevice = true;
  onTestFinished(() => {
    backend.isUsingGpuDevice = false;
  });
}

test.each([
  { card: true, loss: 'sparseCategoricalCrossentropy' },
  { card: true, loss: 'categoricalCrossentropy' },
  { card: false, loss: 'sparseCategoricalCrossentropy' },
  { card: false, loss: 'categoricalCrossentropy' },
] as const)('with a card ($card) $loss takes none of the fused operations, without one it does', (given) => {
  const { card, loss } = given;
  if (card) claimCard();
  const asked = vi.spyOn(backendOf(tf), 'executeMultipleOutputs');
  onTestFinished(() => {
    asked.mockRestore();
  });
  const build = () =>
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 5, activation: 'tanh', inputShape: [6] }),
        tf.layers.dense({ units: 4, activation: 'softmax' }),
      ],
    });
  const label = { loss, output: [4] };
  expectAgreement(tf, build, { loss, optimizer: { name: 'adam' } }, [{ shape: [6] }], label);

  const fused = asked.mock.calls.filter(([name]) => FUSED.includes(name));
  expect(fused.length > 0).toBe(!card);
});

const OPTIONS = {
  loss: 'sparseCategoricalCrossentropy',
  optimizer: { name: 'adam' },
  seed: 3,
} as const;

/** A step and an evaluation of a network with dropout. */
function hits(): StepResult['correct'][] {
  const found: number[] = [];
  withoutLeaks(tf, (temporaryFolder) => {
    const model = smallNetwork(tf);
    const step = createTrainStep(tf, model, { ...OPTIONS, temporaryFolder }, { step: 'traced' });
    const batch = makeBatch(5, 64, [{ shape: [8, 8, 1] }], { loss: OPTIONS.loss, output: [3] });
    found.push(step.evaluate(batch).correct, step.train(batch, 0.01).correct);
    step.dispose();
    disposeModel(model);
  });
  return found;
}

test('with a card classes are compared where they are computed, as float32, and hits are what they are without', () => {
  const onProcessor = hits();
  expect(onProcessor.every((count) => count > 0 && count < 64)).toBe(true);
  claimCard();
  const backend = backendOf(tf);
  const asked = vi.spyOn(backend, 'executeSingleOutput');
  onTestFinished(() => {
    asked.mockRestore();
  });
  expect(hits()).toEqual(onProcessor);
  const typesOf = (op: string) =>
    asked.mock.calls
      .filter(([name]) => name === op)
      .map(([, attrs]) => attrs?.find(({ name }) => name === 'T')?.value);
  for (const op of ['Equal', 'OneHot']) {
    expect([op, [...new Set(typesOf(op))]]).toEqual([op, [backend.binding.TF_FLOAT]]);
  }
});

test('the seed of a dropout is made where its operation reads it: on the processor', () => {
  withoutLeaks(tf, () => {
    const model = smallNetwork(tf);
    const program = new TrainingProgram(tf, model, OPTIONS);
    const { graph } = buildStepGraph(program, backendOf(tf).binding, recordAll(program), 2);
    disposeModel(model);
    // A NodeDef begins with its name: a tag and a length before it.
    const nodes = graph.nodes.map((node) => Buffer.from(node).toString('latin1').slice(2));
    const placed = nodes.filter((node) => node.includes('/device:CPU:0'));
    const seeds = nodes.filter((node) => node.startsWith('BitwiseXor_'));
    // Of the step that is run alone, and of each of the group's.
    expect(seeds).toHaveLength(3);
    expect(placed).toEqual(seeds);
  });
});
