/** Batches that another thread gathers while a step runs, as tf.data's `prefetch(1)` does. */
import { Worker } from 'node:worker_threads';
import type { ByteImages } from '../../contract/job.js';
import type { BatchGroup } from '../../engine/trace/index.js';
import { after, shareSlots, take, type SharedSlots } from './batch-slots.js';
import {
  arraysFor,
  bytesAnImage,
  cutsOf,
  gather,
  groupIn,
  indicesOf,
  type BatchArrays,
  type BatchSource,
} from './batches.js';
import type { NumberedPass, ThreadData } from './prefetch-thread.js';

/** About 9 MB of the process's memory, and the batches. */
const THREAD = new URL('./prefetch-thread.js', import.meta.url);

export interface PrefetchOptions {
  /** The most examples that one batch, or group of them, has. */
  readonly most: number;
  /** Told, when the next batch is asked for, if the thread cannot be had or has failed. Batches then come as without it. */
  readonly onFailure: (error: unknown) => void;
  /** The compiled thread. Default: the one beside this module. */
  readonly thread?: URL;
}

/**
 * The same batches as without it, to the bit. One that is not there when it is asked for is gathered by whoever asks:
 * nothing waits for the thread, neither for its start nor for one that is gone.
 * @param data whose images another thread can read: in a SharedArrayBuffer
 */
export class PrefetchedBatches implements BatchSource, AsyncDisposable {
  readonly count: number;
  /** Batches that were there when they were asked for. */
  ready = 0;
  readonly #data: ByteImages;
  readonly #slots: SharedSlots;
  readonly #worker: Worker | undefined;
  readonly #own: BatchArrays;
  readonly #onFailure: PrefetchOptions['onFailure'];
  /** Not told yet. */
  #failure: { readonly error: unknown } | undefined;
  /** Number of the first batch of the next pass. */
  #next = 0;

  constructor(data: ByteImages, { most, onFailure, thread = THREAD }: PrefetchOptions) {
    this.count = data.count;
    this.#data = data;
    this.#slots = shareSlots(most, bytesAnImage(data));
    this.#own = arraysFor(data, most);
    this.#onFailure = onFailure;
    try {
      const workerData: ThreadData = { data, slots: this.#slots };
      this.#worker = new Worker(thread, { name: 'batches', workerData });
      this.#worker.on('error', (error) => (this.#failure = { error }));
    } catch (error) {
      // As where the user, or the container, may not have one thread more.
      this.#failure = { error };
    }
  }

  *batches(order: Uint32Array, batchSize: number, together = 1): Generator<BatchGroup> {
    const cuts = [...cutsOf({ order, batchSize, together })];
    let number = this.#next;
    this.#next = after(number, cuts.length);
    this.#begin({ order: order.slice(), batchSize, together, first: number });
    for (const cut of cuts) {
      yield groupIn(this.#take(number, indicesOf(order, cut)), cut);
      number = after(number);
    }
  }

  /** The thread is gone after it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #begin(pass: NumberedPass & { readonly order: Uint32Array<ArrayBuffer> }): void {
    this.#worker?.postMessage(pass, [pass.order.buffer]);
  }

  #take(number: number, indices: Uint32Array): BatchArrays {
    this.#tellFailure();
    const slot = take(this.#slots, number);
    if (slot === undefined) gather(this.#data, indices, this.#own);
    else this.ready += 1;
    return slot ?? this.#own;
  }

  #tellFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) this.#onFailure(failure.error);
  }
}

export const canBePrefetched = ({ images }: ByteImages): boolean =>
  images.buffer instanceof SharedArrayBuffer;
