/** Trainers that are started and wait for a run, with TensorFlow loaded: each serves one run and is then discarded. */
import { setTimeout as sleep } from 'node:timers/promises';
import { attachSuppressed } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { DaemonConnection } from '../connection/connection.js';
import { isStatus, toDaemonError } from '../connection/daemon-error.js';
import { MANAGED, readLabels } from '../container/labels.js';
import { isAway } from '../container/patience.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import { ask } from '../connection/ask.js';
import type { TrainerEnd } from './printed.js';
import { WaitingTrainer, type WarmParts } from './waiting-trainer.js';

export interface PoolOptions extends WarmParts {
  readonly size: number;
  /** Aborted to end the pool. */
  readonly signal: AbortSignal;
  /** Called when the number of those that are ready has changed. */
  readonly onSize?: (waiting: number) => void;
  /** Told in a sentence what a person would not expect. */
  readonly onNotice?: (text: string) => void;
  readonly timing?: Partial<PoolTiming>;
}

export interface PoolTiming {
  readonly lookAgainMs: number;
  /** From one being taken to the next one being made: loading TensorFlow takes what the run's first steps need. */
  readonly refillAfterMs: number;
  /** How long a daemon may be away before the pool is given up. */
  readonly daemonPatienceMs: number;
}

const TIMING: PoolTiming = { lookAgainMs: 500, refillAfterMs: 2000, daemonPatienceMs: 60_000 };
/** So many in a row that end before they are ready: the next one would, too. */
const MOST_FAILURES = 3;

/**
 * Keeps `size` trainers waiting until the signal is aborted, then removes those that no run has taken.
 * @throws RunnerError of the daemon; `bad-data` if the data change; `crashed` or `out-of-memory` if trainers end before
 *   they are ready
 */
export async function keepPool(connection: DaemonConnection, options: PoolOptions): Promise<void> {
  const pool = new Pool(connection, options);
  const errors: unknown[] = [];
  const note = (error: unknown, what: string): void =>
    void errors.push(toDaemonError(error, connection, what));
  await pool.keep().catch((error: unknown) => note(error, 'trainers that are to be kept warm'));
  await pool.clear().catch((error: unknown) => note(error, 'trainers that were kept warm'));
  const [first, ...others] = errors;
  if (first !== undefined) throw attachSuppressed(first, others);
}

class Pool {
  readonly #trainers = new Map<string, WaitingTrainer>();
  readonly #timing: PoolTiming;
  #told = -1;
  #failures = 0;
  #notBefore = 0;

  constructor(
    private readonly connection: DaemonConnection,
    private readonly options: PoolOptions,
  ) {
    this.#timing = { ...TIMING, ...options.timing };
  }

  async keep(): Promise<void> {
    let awaySince: number | undefined;
    while (!this.#isOver()) {
      try {
        await this.#look();
        this.#tell();
        awaySince = undefined;
        if (this.#isShort()) await this.#add();
        else await this.#rest();
      } catch (error) {
        if (this.#isOver()) return;
        awaySince ??= performance.now();
        const patience = performance.now() - awaySince < this.#timing.daemonPatienceMs;
        if (!isAway(error) || !patience) throw error;
        await this.#rest();
      }
    }
  }

  /** Every one that is no run's; the first error is told when all have been tried. */
  async clear(): Promise<void> {
    const results = await Promise.allSettled([...this.#trainers.values()].map((trainer) => trainer.remove()));
    const errors = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as Error] : [],
    );
    const [first, ...others] = errors;
    if (first !== undefined) throw attachSuppressed(first, others);
  }

  /** Those that are taken, or have ended by themselves, are no longer of the pool. */
  async #look(): Promise<void> {
    const { docker } = this.connection;
    const listed = await ask(ANSWER_MS.request, (abortSignal) =>
      docker.listContainers({ all: true, filters: { label: [MANAGED] }, abortSignal }),
    );
    const found = listed.map(({ State, Labels }) => ({ state: State, labels: readLabels(Labels) }));
    for (const trainer of [...this.#trainers.values()]) {
      const own = found.filter(({ labels }) => labels?.token === trainer.token);
      const isTaken = own.some(({ labels }) => labels?.role === 'fill');
      const state = own.find(({ labels }) => labels?.role === 'warm')?.state;
      try {
        await this.#judge(trainer, isTaken ? 'taken' : state);
      } catch (error) {
        // It has gone meanwhile: the next look tells why.
        if (!isStatus(error, 404)) throw error;
      }
    }
  }

  async #judge(trainer: WaitingTrainer, state: string | undefined): Promise<void> {
    switch (state) {
      case 'taken':
        this.#trainers.delete(trainer.token);
        this.#wait();
        break;
      case undefined: // Taken and removed between two looks, or never made.
        await this.#discard(trainer);
        this.#wait();
        break;
      case 'created': // The daemon went away before it was started.
        await this.#discard(trainer);
        break;
      case 'exited':
      case 'dead':
        await this.#replace(trainer);
        break;
      default:
        await this.#check(trainer);
    }
  }

  async #discard(trainer: WaitingTrainer): Promise<void> {
    await trainer.remove();
    this.#trainers.delete(trainer.token);
  }

  async #check(trainer: WaitingTrainer): Promise<void> {
    if (!trainer.isReady && (await trainer.checkReady())) this.#failures = 0;
  }

  async #replace(trainer: WaitingTrainer): Promise<void> {
    const end = await trainer.end();
    await this.#discard(trainer);
    if (trainer.isReady) {
      this.options.onNotice?.(`A waiting trainer ended (${told(end)}); another one takes its place.`);
      return;
    }
    this.#failures += 1;
    const what = `A trainer ended before it was ready (${told(end)})`;
    if (this.#failures < MOST_FAILURES) {
      this.options.onNotice?.(`${what}; it is tried again.`);
      return;
    }
    throw new RunnerError(
      end.oomKilled ? 'out-of-memory' : 'crashed',
      `${what}, and so did those before it.`,
      end.oomKilled ? {} : { hint: 'A cold run shows the same in full: `runner train --mode docker`.' },
    );
  }

  #tell(): void {
    const ready = [...this.#trainers.values()].filter(({ isReady }) => isReady).length;
    if (ready !== this.#told) this.options.onSize?.(ready);
    this.#told = ready;
  }

  #wait(): void {
    this.#notBefore = performance.now() + this.#timing.refillAfterMs;
  }

  #isShort(): boolean {
    return this.#trainers.size < this.options.size && performance.now() >= this.#notBefore;
  }

  async #add(): Promise<void> {
    const trainer = new WaitingTrainer(this.connection, this.options);
    // Before it is made: whatever there is of it is removed in the end.
    this.#trainers.set(trainer.token, trainer);
    await trainer.start(this.options.signal);
  }

  #isOver(): boolean {
    return this.options.signal.aborted;
  }

  #rest(): Promise<void> {
    const { signal } = this.options;
    return sleep(this.#timing.lookAgainMs, undefined, { signal }).catch(() => undefined);
  }
}

const told = ({ exitCode, oomKilled, words }: TrainerEnd): string =>
  [
    `exit status ${exitCode}`,
    ...(oomKilled ? ['its memory was used up'] : []),
    ...(words === '' ? [] : [words]),
  ].join(', ');
