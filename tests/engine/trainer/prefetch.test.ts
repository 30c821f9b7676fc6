/** The thread that makes batches is a compiled file, so this is the compiled trainer. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DIST } from '../../../scripts/lib/paths.mjs';
import { ensureBuilt } from '../../../scripts/lib/checkout.mjs';
import { readEvents } from '../../../src/common/event-log.js';
import type * as inProcess from '../../../runtimes/inprocess/index.js';
import type * as prefetch from '../../../src/trainer/data/prefetch.js';
import { runHere, surroundings, type RunOptions, type Surroundings } from './support.js';

const compiled = async <M>(path: string): Promise<M> =>
  (await import(pathToFileURL(join(DIST, path)).href)) as M;

let here: Surroundings;
let createRuntime: typeof inProcess.createInProcessRuntime;
/** Of each run with a thread: how many batches were there when they were asked for. */
const ready: number[] = [];
beforeAll(async () => {
  ensureBuilt();
  here = await surroundings({ train: 500, test: 50 });
  const runtime = await compiled<typeof inProcess>('runtimes/inprocess/index.js');
  createRuntime = runtime.createInProcessRuntime;
  const { PrefetchedBatches } = await compiled<typeof prefetch>('src/trainer/data/prefetch.js');
  const dispose = PrefetchedBatches.prototype[Symbol.asyncDispose];
  vi.spyOn(PrefetchedBatches.prototype, Symbol.asyncDispose).mockImplementation(async function (
    this: prefetch.PrefetchedBatches,
  ) {
    ready.push(this.ready);
    await dispose.call(this);
  });
});
afterAll(() => here[Symbol.dispose]());
afterEach(() => void ready.splice(0));

const CANCEL_IN_EPOCH: RunOptions = {
  hyperparameters: { batchSize: 4, epochs: 2 },
  // The metric of step 100, of the 113 of an epoch.
  onEvent: (event, cancel) => event.type === 'metric' && cancel(),
};

/** What a run trains, but for how fast. */
async function trained(options: RunOptions) {
  const { outcome, runDir } = await runHere(here, { ...options, createRuntime });
  const { imagesPerSecond, ...training } = outcome.training;
  expect(imagesPerSecond).toBeGreaterThan(0);
  const events = await readEvents(join(runDir, 'events.ndjson'));
  return {
    ...{ training, status: outcome.status },
    epochs: events.flatMap((event) => (event.type === 'epoch' ? [[event.loss, event.valLoss]] : [])),
    logs: events.filter(({ type }) => type === 'log'),
  };
}

describe('a run whose batches a thread makes', () => {
  // Of 450 images the last batch has two.
  it.each<[string, RunOptions, object]>([
    ['four steps a call', { hyperparameters: { batchSize: 32 }, stepsPerCall: 4 }, { stepsCompleted: 15 }],
    ['eager', { hyperparameters: { batchSize: 32 }, step: 'eager' }, { engineStep: 'eager' }],
    [
      'stopped early',
      { hyperparameters: { batchSize: 32, epochs: 6, patience: 1, learningRate: 0.3 } },
      { stoppedEarly: true, engineStep: 'traced' },
    ],
    ['cancelled in an epoch', CANCEL_IN_EPOCH, { stepsCompleted: 100, epochsCompleted: 0 }],
  ])('%s: has the weights and losses of one without, to the bit', async (_what, options, expected) => {
    const without = await trained(options);
    expect(ready).toEqual([]);
    const with_ = await trained({ ...options, prefetch: true });
    expect(with_).toEqual(without);
    expect(with_.training).toMatchObject(expected);
    expect(with_.logs).toEqual([]);
    expect(ready).toEqual([expect.any(Number)]);
    expect(ready[0]).toBeGreaterThan(0);
  });
});
