import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../../../src/common/event-log.js';
import type { FinishedRun } from '../../../src/orchestrator/finish-run.js';
import { runHere, surroundings, type Surroundings } from './support.js';

let here: Surroundings;
beforeAll(async () => {
  here = await surroundings({ train: 500, test: 50 });
});
afterAll(() => here[Symbol.dispose]());

/** Of 450 images in batches of 32: three groups of four, two alone, one of which has two images. */
const run = (stepsPerCall?: number) =>
  runHere(here, {
    hyperparameters: { batchSize: 32, epochs: 2 },
    ...(stepsPerCall === undefined ? {} : { stepsPerCall }),
  });

const epochsOf = async ({ runDir }: FinishedRun) =>
  (await readEvents(join(runDir, 'events.ndjson'))).flatMap((event) =>
    event.type === 'epoch' ? [[event.step, event.loss, event.accuracy, event.valLoss]] : [],
  );

describe('several steps a call', () => {
  it('give the weights, losses and figures of one a call, to the bit', async () => {
    const [alone, together] = [await run(), await run(4)];
    expect(together.outcome.status).toBe('succeeded');
    const { imagesPerSecond, ...training } = alone.outcome.training;
    expect(imagesPerSecond).toBeGreaterThan(0);
    expect(together.outcome.training).toMatchObject(training);
    expect(training).toMatchObject({ stepsCompleted: 30, engineStep: 'traced' });
    expect(training.weightsDigest).toMatch(/^sha256:/);
    expect(await epochsOf(together)).toEqual(await epochsOf(alone));
  });

  it('are a bad spec where every step is eager', async () => {
    const { outcome } = await runHere(here, { step: 'eager', stepsPerCall: 4 });
    expect([outcome.status, outcome.reason, outcome.message]).toEqual([
      'failed',
      'bad-spec',
      '4 steps a call need the traced step, and this run is to train op by op.',
    ]);
  });
});
