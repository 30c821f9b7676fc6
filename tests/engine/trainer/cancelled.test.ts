import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../../../src/common/event-log.js';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import { readNewestCheckpoint } from '../../../src/trainer/checkpoints/folder.js';
import { weightsDigest } from '../../../src/trainer/weights-digest.js';
import { runHere, surroundings, type Surroundings } from './support.js';

let here: Surroundings;
beforeAll(async () => {
  here = await surroundings({ train: 1000, test: 1000 });
});
afterAll(() => here[Symbol.dispose]());

const outcomeOf = (runDir: string): RunOutcome =>
  JSON.parse(readFileSync(join(runDir, 'outcome.json'), 'utf8')) as RunOutcome;

describe.each(['engine', 'trace', 'save', 'evaluate'])('a run cancelled in the phase "%s"', (phase) => {
  it('ends as cancelled, begins no further phase, and leaves no half-written file', async () => {
    const { runDir, error } = await runHere(here, {
      onEvent: (event, cancel) =>
        event.type === 'phase' && event.name === phase && event.state === 'start' && cancel(),
    });
    const { status, reason, phases } = outcomeOf(runDir);
    expect([status, reason, error]).toEqual(['cancelled', 'interrupted', undefined]);
    const begun = Object.keys(phases).filter((name) => name !== 'firstStep');
    expect(begun.at(-1)).toBe(phase);
    const events = await readEvents(join(runDir, 'events.ndjson'));
    expect(events.at(-1)).toMatchObject({ type: 'phase', name: phase, state: 'end' });
  });
});

describe('a run cancelled while it trains', () => {
  it('digests the weights that it stopped at, and claims the figures of no epoch for them', async () => {
    const { runDir } = await runHere(here, {
      hyperparameters: { epochs: 50, batchSize: 100, earlyStopping: true },
      // In the second epoch, after the first has become the best.
      onEvent: (event, cancel) => event.type === 'checkpoint' && event.epoch === 1 && setImmediate(cancel),
    });
    const { training, status } = outcomeOf(runDir);
    const checkpoint = await readNewestCheckpoint(runDir);
    expect(status).toBe('cancelled');
    expect(training.weightsDigest).toBe(weightsDigest(checkpoint!.state.weights));
    expect(training).toMatchObject({ bestEpoch: null, finalLoss: null, valLoss: null });
    expect(training.stepsCompleted).toBe(checkpoint!.state.step);
    expect(existsSync(join(runDir, 'artifacts'))).toBe(false);
  });
});
