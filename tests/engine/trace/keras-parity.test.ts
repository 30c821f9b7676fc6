import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createTrainStep, type NamedArray } from '../../../src/engine/trace/index.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { pythonFor } from '../../support/python-env.js';
import { tensorflow } from '../support/tensorflow.js';

const STEPS = 100;
const BATCH_SIZE = 128;
const LEARNING_RATE = 1e-3;
const SCRIPT = fileURLToPath(new URL('keras_loss_curve.py', import.meta.url));

interface Training {
  readonly weights: readonly NamedArray[];
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

async function kerasLosses(python: string, { weights, images, labels }: Training): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'keras-parity-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  await writeFile(path('weights'), Buffer.concat(weights.map(({ data }) => Buffer.from(data.buffer))));
  await writeFile(path('images'), images);
  await writeFile(path('labels'), labels);
  const args = [SCRIPT, path('weights'), path('images'), path('labels')];
  const { stdout } = await promisify(execFile)(
    python,
    [...args, String(STEPS), String(BATCH_SIZE), String(LEARNING_RATE)],
    { env: { ...process.env, KERAS_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3' } },
  );
  return (JSON.parse(stdout) as { losses: number[] }).losses;
}

test('the loss curve of the MNIST CNN is Keras’s, from the same weights and without dropout', async (ctx) => {
  const python = await pythonFor(ctx);
  const tf = await tensorflow();
  const { train } = await mnistCnn.loadData(mnistCnn.defaultDataDir());
  const model = mnistCnn.buildModel(tf, 42);
  (model.getLayer('dropout') as unknown as { rate: number }).rate = 0;
  const step = createTrainStep(
    tf,
    model,
    {
      loss: 'sparseCategoricalCrossentropy',
      optimizer: { name: 'adam', epsilonForm: 'hat' },
      input: { dtype: 'uint8', scale: 1 / 255 },
    },
    { step: 'traced' },
  );
  const { weights } = step.readState();
  const pixels = 28 * 28;
  const ours = Array.from({ length: STEPS }, (_, i) => {
    const [from, to] = [i * BATCH_SIZE, (i + 1) * BATCH_SIZE];
    const x = train.images.subarray(from * pixels, to * pixels);
    return step.train(
      { size: BATCH_SIZE, x, y: Int32Array.from(train.labels.subarray(from, to)) },
      LEARNING_RATE,
    ).loss;
  });
  step.dispose();
  const theirs = await kerasLosses(python, {
    weights,
    images: train.images.subarray(0, STEPS * BATCH_SIZE * pixels),
    labels: train.labels.subarray(0, STEPS * BATCH_SIZE),
  });

  expect(theirs).toHaveLength(STEPS);
  const differences = theirs.map((loss, i) => Math.abs(loss - ours[i]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1e-4);
  // It is a curve: from the loss of guessing down to that of a trained model.
  expect(ours[0]).toBeCloseTo(Math.log(10), 0);
  expect(Math.min(...ours)).toBeLessThan(0.25);
}, 900_000);
