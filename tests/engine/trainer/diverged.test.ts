import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInProcessRuntime } from '../../../runtimes/inprocess/index.js';
import { systemClock } from '../../../src/common/clock.js';
import type { ImageDataset, Job } from '../../../src/contract/job.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { prepareEngine } from '../../../src/engine/prepare-engine.js';
import type { Engine } from '../../../src/engine/engine.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { processMeter } from '../../../src/orchestrator/resources.js';
import { runJob } from '../../../src/orchestrator/run-job.js';
import { readNewestCheckpoint } from '../../../src/trainer/checkpoints/folder.js';
import { writeMnistSubset } from '../../support/mnist-subset.js';

/** Forty layers without anything to hold them: at a high learning rate their product leaves float32 in a few steps. */
const unstable: Job = {
  ...mnistCnn,
  name: 'unstable',
  buildModel: (tf, seed) =>
    tf.sequential({
      layers: [
        tf.layers.flatten({ inputShape: [28, 28, 1] }),
        ...Array.from({ length: 40 }, (_, layer) =>
          tf.layers.dense({
            units: 16,
            kernelInitializer: tf.initializers.glorotUniform({ seed: seed + layer }),
          }),
        ),
        tf.layers.dense({ units: 10, activation: 'softmax' }),
      ],
    }),
};

let folder: string;
let engine: Engine;
let dataset: ImageDataset;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runner-diverged-'));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  mkdirSync(join(folder, 'runs'));
  writeMnistSubset(dataDir, { train: 100, test: 10 });
  engine = await prepareEngine();
  dataset = await mnistCnn.loadData(dataDir);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a run whose loss leaves the numbers', () => {
  it('fails at the step it happened, keeps the last good checkpoint, and counts what it had reached', async () => {
    const spec: RunSpec = {
      schemaVersion: 1,
      job: 'unstable',
      mode: 'inprocess',
      hyperparameters: {
        epochs: 500,
        batchSize: 90,
        learningRate: 0.05,
        learningRateSchedule: 'constant',
        validationSplit: 0.1,
        earlyStopping: false,
        patience: 1,
      },
      seed: 1,
      threads: 2,
      engine: { name: 'tensorflow', version: engine.version, step: 'traced' },
      data: { dir: folder, digest: dataset.digest, trainExamples: 100, testExamples: 10 },
    };
    const run = await runJob(
      {
        spec,
        runsDir: join(folder, 'runs'),
        evaluate: true,
        signal: new AbortController().signal,
        onEvent: () => undefined,
      },
      {
        runtime: createInProcessRuntime({ job: unstable, dataset, engine, clock: systemClock }),
        clock: systemClock,
        meter: processMeter,
      },
    );
    const outcome = JSON.parse(readFileSync(join(run.runDir, 'outcome.json'), 'utf8')) as typeof run.outcome;
    expect(outcome).toMatchObject({ status: 'failed', reason: 'diverged' });
    expect(outcome.message).toMatch(
      /^The (validation )?loss became (NaN|Infinity) at step \d+ \(epoch \d+\)\.$/,
    );
    const checkpoint = await readNewestCheckpoint(run.runDir);
    expect(outcome.training.epochsCompleted).toBeGreaterThan(0);
    expect(checkpoint!.progress.epoch).toBe(outcome.training.epochsCompleted);
    expect(checkpoint!.state.weights.every(({ data }) => data.every(Number.isFinite))).toBe(true);
    expect(outcome.training.weightsDigest).toBeNull();
  });
});
