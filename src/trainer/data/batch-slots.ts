/**
 * Where two threads meet: two slots in shared memory. A filler puts batches into them, a taker trains on these. No
 * lock is held, and the taker never waits.
 *
 * Batches are numbered through all passes of a run, and lie in slots by turns. The number in `WANTED` is the taker's:
 * it has asked for that batch, and trains on it until it asks for another. The filler only ever fills the batch after
 * that one, so that the slot it writes to is not the one that is being read:
 *
 *   filler, batch n   before n − 1 is wanted: waits · while n − 1 is: fills, then says so in `HELD` · after: too late, leaves it
 *   taker, batch n    its slot holds n: takes it · it does not (yet): gathers it itself, elsewhere
 *
 * A batch that comes too late is written to the end all the same: to a slot that nobody reads, for it holds a number
 * that nobody asks for any more. Contents are published by the order of the two atomic numbers (ECMA-262, memory model).
 */
import type { BatchArrays } from './batches.js';

/** Indices into `numbers`. */
const WANTED = 0;
const HELD = 1;
const SLOTS = 2;

/** What the other thread is given; all of it is shared memory. */
export interface SharedSlots {
  /** int32: the batch that is wanted, and the one that each slot holds. Numbers wrap; only differences count. */
  readonly numbers: Int32Array<SharedArrayBuffer>;
  readonly slots: readonly BatchArrays[];
}

/** The number of the batch after this one, or after so many. */
export const after = (number: number, count = 1): number => (number + count) | 0;

/** @param examples the most that one batch, or group of them, has; `bytes` each */
export function shareSlots(examples: number, bytes: number): SharedSlots {
  const numbers = new Int32Array(new SharedArrayBuffer((1 + SLOTS) * Int32Array.BYTES_PER_ELEMENT));
  // No batch has this number before four thousand million others had theirs.
  numbers.fill(-1);
  const slots = Array.from({ length: SLOTS }, () => ({
    images: new Uint8Array(new SharedArrayBuffer(examples * bytes)),
    labels: new Int32Array(new SharedArrayBuffer(examples * Int32Array.BYTES_PER_ELEMENT)),
  }));
  return { numbers, slots };
}

/** Of the taker: asks for a batch, and lets go of the one before. @returns its slot, if it is there already */
export function take({ numbers, slots }: SharedSlots, number: number): BatchArrays | undefined {
  const slot = slotOf(number);
  const isThere = Atomics.load(numbers, HELD + slot) === number;
  Atomics.store(numbers, WANTED, number);
  Atomics.notify(numbers, WANTED);
  return isThere ? slots[slot] : undefined;
}

/** Of the filler: waits for the turn of a batch. @returns the slot to fill; none if it is too late */
export function waitForTurn({ numbers, slots }: SharedSlots, number: number): BatchArrays | undefined {
  for (;;) {
    const wanted = Atomics.load(numbers, WANTED);
    const ahead = (number - wanted) | 0;
    if (ahead <= 0) return undefined;
    if (ahead < SLOTS) return slots[slotOf(number)];
    Atomics.wait(numbers, WANTED, wanted);
  }
}

/** Of the filler: the slot of this batch has all of it. */
export function tellFilled({ numbers }: SharedSlots, number: number): void {
  Atomics.store(numbers, HELD + slotOf(number), number);
}

const slotOf = (number: number): number => number & 1;
