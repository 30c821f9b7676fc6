/**
 * The thread of `prefetched` (prefetch.ts): gathers the next batch while the main thread is in a step. Between passes it
 * waits for a message, within one in `waitForTurn`; it ends when it is terminated, from either.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { ByteImages } from '../../contract/job.js';
import { after, tellFilled, waitForTurn, type SharedSlots } from './batch-slots.js';
import { cutsOf, gather, indicesOf, type Pass } from './batches.js';

export interface ThreadData {
  readonly data: ByteImages;
  readonly slots: SharedSlots;
}

export interface NumberedPass extends Pass {
  /** Number of its first batch. */
  readonly first: number;
}

// Not there where the image's check loads every module.
parentPort?.on('message', (pass: NumberedPass) => fill(workerData as ThreadData, pass));

function fill({ data, slots }: ThreadData, pass: NumberedPass): void {
  let number = pass.first;
  for (const cut of cutsOf(pass)) {
    const arrays = waitForTurn(slots, number);
    if (arrays !== undefined) {
      gather(data, indicesOf(pass.order, cut), arrays);
      tellFilled(slots, number);
    }
    number = after(number);
  }
}
