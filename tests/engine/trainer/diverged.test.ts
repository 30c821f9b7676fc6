import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job, TensorFlow } from '../../../src/contract/job.js';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { readNewestCheckpoint } from '../../../src/trainer/checkpoints/folder.js';
import { runHere, surroundings, type Surroundings } from './support.js';

const drawn = (tf: TensorFlow, seed: number) => tf.initializers.glorotUniform({ seed });

/** Forty layers without anything to hold them: at a high learning rate their product leaves float32 in a few steps. */
const unstable: Job = {
  ...mnistCnn,
  name: 'unstable',
  buildModel: (tf, seed) =>
    tf.sequential({
      layers: [
        tf.layers.flatten({ inputShape: [28, 28, 1] }),
        ...Array.from({ length: 40 }, (_, layer) =>
          tf.layers.dense({ units: 16, kernelInitializer: drawn(tf, seed + layer) }),
        ),
        tf.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: drawn(tf, seed + 40) }),
      ],
    }),
};

let here: Surroundings;
beforeAll(async () => {
  here = await surroundings({ train: 100, test: 10 });
});
afterAll(() => here[Symbol.dispose]());

describe('a run whose loss leaves the numbers', () => {
  it('fails at the step it happened, keeps the last good checkpoint, and counts what it had reached', async () => {
    const { runDir } = await runHere(here, {
      job: unstable,
      step: 'traced',
      hyperparameters: {
        epochs: 500,
        batchSize: 90,
        learningRate: 0.2,
        learningRateSchedule: 'constant',
        earlyStopping: false,
      },
    });
    const outcome = JSON.parse(readFileSync(join(runDir, 'outcome.json'), 'utf8')) as RunOutcome;
    expect(outcome).toMatchObject({ status: 'failed', reason: 'diverged' });
    expect(outcome.message).toMatch(/^The .+ became (NaN|-?Infinity) at step \d+ \(epoch \d+\)\.$/);
    const checkpoint = await readNewestCheckpoint(runDir);
    expect(outcome.training.epochsCompleted).toBeGreaterThan(0);
    expect(checkpoint!.progress.epoch).toBe(outcome.training.epochsCompleted);
    expect(checkpoint!.state.weights.every(({ data }) => data.every(Number.isFinite))).toBe(true);
    expect(outcome.training.weightsDigest).toBeNull();
  });
});
