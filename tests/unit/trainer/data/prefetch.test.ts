import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BatchGroup } from '../../../../src/engine/trace/index.js';
import { batchesOf, inOrder } from '../../../../src/trainer/data/batches.js';
import { PrefetchedBatches } from '../../../../src/trainer/data/prefetch.js';
import { shuffled } from '../../../../src/trainer/data/random-order.js';
import { compileProgram, type Program } from '../../common/run-program.js';

const COUNT = 50;
const BYTES = 12;
/** Each byte tells its image, and so does the label. */
const data = {
  images: new Uint8Array(new SharedArrayBuffer(COUNT * BYTES)).map((_, i) => Math.floor(i / BYTES)),
  labels: Uint8Array.from({ length: COUNT }, (_, i) => i),
  count: COUNT,
};

let program: Program;
beforeAll(() => {
  program = compileProgram('../../../../src/trainer/data/prefetch-thread.ts', import.meta.url);
});
afterAll(() => program[Symbol.dispose]());

let threads = 0;
function count(thread: Worker): void {
  threads += 1;
  thread.once('exit', () => (threads -= 1));
}
beforeAll(() => void process.on('worker', count));
afterAll(() => void process.off('worker', count));
// Whatever becomes of it.
afterEach(() => expect(threads).toBe(0));

function prefetched(thread: URL = pathToFileURL(program.path)) {
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);
  return { batches: new PrefetchedBatches(data, { most: COUNT, onFailure, thread }), failures };
}

const copyOf = ({ steps, size, x, y }: BatchGroup) => ({ steps, size, x: [...(x as Uint8Array)], y: [...y] });

/** One pass, with turns of the event loop for steps. */
async function pass(batches: PrefetchedBatches, order: Uint32Array, batchSize: number, together = 1) {
  const taken = [];
  for (const batch of batches.batches(order, batchSize, together)) {
    await setImmediate();
    taken.push(copyOf(batch));
  }
  return taken;
}

describe('batches that a thread makes while a step runs', () => {
  it('are those that are made without it, pass by pass, in groups and alone, until many were ready', async () => {
    await using here = prefetched().batches;
    for (let epoch = 1; here.ready < 100; epoch += 1) {
      const order = shuffled(inOrder(COUNT), 1, epoch);
      const [batchSize, together] = epoch % 2 === 0 ? [8, 2] : [7, 1];
      const expected = Array.from(batchesOf(data, order, batchSize, together), copyOf);
      expect(await pass(here, order, batchSize, together)).toEqual(expected);
    }
  });

  it('are right after a pass that was left before its end', async () => {
    await using here = prefetched().batches;
    const order = inOrder(COUNT).reverse();
    const expected = Array.from(batchesOf(data, order, 4), copyOf);
    for (let times = 0; here.ready < 20; times += 1) {
      for (const batch of here.batches(inOrder(COUNT), 3)) if (batch.y[0] === (3 * times) % 48) break;
      expect(await pass(here, order, 4)).toEqual(expected);
    }
  });

  it('are there without waiting where the thread does nothing', async () => {
    const idle = prefetched(new URL('data:text/javascript,setInterval(() => 0, 1e6)'));
    await setImmediate();
    expect(threads).toBe(1);
    const expected = Array.from(batchesOf(data, inOrder(COUNT), 4), copyOf);
    expect(Array.from(idle.batches.batches(inOrder(COUNT), 4), copyOf)).toEqual(expected);
    expect(idle.batches.ready).toBe(0);
    await idle.batches[Symbol.asyncDispose]();
    expect(idle.failures).toEqual([]);
  });

  it('end with a thread that waits in the midst of a pass', async () => {
    const { batches } = prefetched();
    while (batches.ready === 0) await pass(batches, inOrder(COUNT), 4);
    for (const batch of batches.batches(inOrder(COUNT), 4)) if (batch.y[0] === 4) break;
    await batches[Symbol.asyncDispose]();
  });

  it('go on without a thread that has failed, which is told once', async () => {
    const broken = prefetched(new URL('data:text/javascript,throw new Error("broken")'));
    const expected = Array.from(batchesOf(data, inOrder(COUNT), 4), copyOf);
    while (broken.failures.length === 0) {
      expect(await pass(broken.batches, inOrder(COUNT), 4)).toEqual(expected);
    }
    expect(await pass(broken.batches, inOrder(COUNT), 4)).toEqual(expected);
    expect(broken.failures).toEqual([new Error('broken')]);
    await broken.batches[Symbol.asyncDispose]();
  });
});
