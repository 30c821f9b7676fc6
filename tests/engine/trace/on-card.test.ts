/**
 * What the traced step does otherwise where TensorFlow has a card. There is none here: the backend is made to say that
 * there is, and the operations that are taken for one run on the processor.
 */
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { backendOf } from '../../../src/engine/trace/backend.js';
import type { TensorFlow } from '../../../src/engine/trace/index.js';
import { tensorflow } from '../support/tensorflow.js';
import { expectAgreement } from './support.js';

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
