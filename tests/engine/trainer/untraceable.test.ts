import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../../../src/common/event-log.js';
import type { Job } from '../../../src/contract/job.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { createStep } from '../../../src/trainer/create-step.js';
import { tensorflow } from '../support/tensorflow.js';
import { runHere, surroundings, type Surroundings } from './support.js';

/** A layer that looks at its input to decide: no graph can hold that. */
const deciding: Job = {
  ...mnistCnn,
  name: 'deciding',
  buildModel: (tf, seed) => {
    class Deciding extends tf.layers.Layer {
      static className = 'Deciding';
      override call(inputs: unknown) {
        const input = (Array.isArray(inputs) ? inputs[0] : inputs) as ReturnType<typeof tf.ones>;
        return input.max().dataSync()[0]! > 1e30 ? tf.zerosLike(input) : input.clone();
      }
    }
    return tf.sequential({
      layers: [
        tf.layers.flatten({ inputShape: [28, 28, 1] }),
        new Deciding({}),
        tf.layers.dense({
          units: 10,
          activation: 'softmax',
          kernelInitializer: tf.initializers.glorotUniform({ seed }),
        }),
      ],
    });
  },
};

let here: Surroundings;
beforeAll(async () => {
  here = await surroundings({ train: 500, test: 50 });
});
afterAll(() => here[Symbol.dispose]());

describe('a model that cannot be traced', () => {
  it('trains op by op to a success, with a warning that names the operation, and without a SavedModel', async () => {
    const { outcome, runDir, error } = await runHere(here, { job: deciding });
    expect([outcome.status, outcome.training.engineStep, error]).toEqual(['succeeded', 'eager', undefined]);
    const warnings = (await readEvents(join(runDir, 'events.ndjson'))).flatMap((event) =>
      event.type === 'log' ? [event.message] : [],
    );
    expect(warnings).toEqual([
      'Max cannot be traced: its value is read while the model runs; it runs op by op instead, which is slower.',
      'There is no SavedModel of this run, only the model for tfjs: Max cannot be traced: its value is read while the model runs.',
    ]);
    expect(existsSync(join(runDir, 'artifacts/model/tfjs/model.json'))).toBe(true);
    expect(existsSync(join(runDir, 'artifacts/model/saved_model'))).toBe(false);
    expect(existsSync(join(runDir, 'artifacts/eval/metrics.json'))).toBe(true);
  });

  it('says that it trains one step a call where several were asked for', async () => {
    const tf = await tensorflow();
    const told: string[] = [];
    const model = deciding.buildModel(tf, 1);
    const engine = { name: 'tensorflow', version: '', step: 'auto', stepsPerCall: 4 } as const;
    createStep(
      tf,
      model,
      { seed: 1, engine },
      { temporaryFolder: here.folder, onFallback: (message) => told.push(message) },
    ).dispose();
    model.dispose();
    expect(told).toEqual([
      'Max cannot be traced: its value is read while the model runs; it runs op by op instead, one step a call and not 4, which is slower.',
    ]);
  });

  it('fails as a bad spec where the traced step is asked for', async () => {
    const { outcome } = await runHere(here, { job: deciding, step: 'traced' });
    expect([outcome.status, outcome.reason]).toEqual(['failed', 'bad-spec']);
    expect(outcome.message).toBe('Max cannot be traced: its value is read while the model runs.');
  });
});
