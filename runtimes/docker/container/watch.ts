/** A running trainer, followed to its end: its lines, its figures, and the one thing that is true, `inspect`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { RunnerError } from '../../../src/contract/errors.js';
import { isConnectionLost, isStatus } from '../connection/daemon-error.js';
import { withDeadline } from '../connection/deadline.js';
import type { LogLine } from '../logs/lines.js';
import { followLogs } from '../logs/follow.js';
import type { LogPosition } from '../logs/position.js';
import { inspectContainer, type ContainerState } from './inspect.js';
import type { ContainerEnd, StopCause } from './journal.js';
import { followStats } from './stats.js';

/** Bytes that a trainer may print; beyond it is ended. Its events count, too. */
export const LOG_BUDGET_BYTES = 64 * 1024 ** 2;

export interface WatchTiming {
  /** From the request to end to the kill. */
  readonly graceMs: number;
  /** How long a daemon may be away before the run is given up as lost. */
  readonly daemonPatienceMs: number;
  /** `wait` never settles on some broken connections (docker-modem): this often `inspect` is asked all the same. */
  readonly pollMs: number;
}

export const WATCH_TIMING: WatchTiming = { graceMs: 10_000, daemonPatienceMs: 60_000, pollMs: 5000 };

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly timing: WatchTiming;
  readonly from: LogPosition;
  readonly onLines: (lines: readonly LogLine[]) => void;
  /** Called before the trainer is asked to end. */
  readonly onStopping: (cause: StopCause) => void;
  readonly stopCause: () => StopCause;
}

const REQUEST_MS = 10_000;
const RETRY_MS = 500;

/**
 * Returns once the container has ended and all that it printed has been read.
 * @throws RunnerError `daemon-unreachable` if the daemon stays away, `killed` if somebody has removed the container;
 *   what `onLines` throws
 */
export async function watch(
  container: Docker.Container,
  options: WatchOptions,
): Promise<Omit<ContainerEnd, 'said'>> {
  const stats = followStats(container);
  const watching = new Watching(container, options);
  try {
    return { ...(await watching.untilEnd()), usage: stats.usage() };
  } finally {
    stats.stop();
    watching.stop();
  }
}

class Watching {
  readonly #over = new AbortController();
  #daemonLost = false;
  #stopping = false;

  constructor(
    private readonly container: Docker.Container,
    private readonly options: WatchOptions,
  ) {}

  stop(): void {
    this.#over.abort();
  }

  async untilEnd(): Promise<Omit<ContainerEnd, 'usage' | 'said'>> {
    const { signal } = this.options;
    const onAbort = (): void => void this.#end(this.options.stopCause());
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      const lines = this.#followLines();
      // A follower that fails, on a full disk say, ends the watch; one that is through says nothing.
      const failing = lines.then(() => new Promise<never>(() => undefined));
      const state = await Promise.race([this.#untilNotRunning(), failing]);
      await lines;
      const { exitCode, oomKilled, error } = state;
      return { exitCode, oomKilled, error, daemonLost: this.#daemonLost };
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #followLines(): Promise<void> {
    const { from, onLines, timing } = this.options;
    const end = await followLogs(this.container, {
      from,
      onLines,
      isRunning: async () => (await this.#inspect()).status === 'running',
      budgetBytes: LOG_BUDGET_BYTES,
      signal: this.#over.signal,
      timing: { patienceMs: timing.daemonPatienceMs },
    });
    if (end.reason === 'flood') void this.#end('log-flood', { atOnce: true });
  }

  async #untilNotRunning(): Promise<ContainerState> {
    let awaySince: number | undefined;
    for (;;) {
      try {
        const state = await this.#inspect();
        if (state.status !== 'running') return state;
        awaySince = undefined;
        await this.#untilNews();
      } catch (error) {
        if (isStatus(error, 404)) {
          throw new RunnerError('killed', 'The container was removed by somebody else during the run.', {
            cause: error,
          });
        }
        if (!isConnectionLost(error)) throw error;
        this.#daemonLost = true;
        awaySince ??= performance.now();
        if (performance.now() - awaySince > this.options.timing.daemonPatienceMs) {
          throw new RunnerError('daemon-unreachable', 'The Docker daemon went away during the run.', {
            cause: error,
            hint: 'When it is back, `runner recover` finishes the run if its container is still there.',
          });
        }
        await sleep(RETRY_MS);
      }
    }
  }

  /** Until the container is said to have ended, or it is time to ask again. */
  async #untilNews(): Promise<void> {
    const news = new AbortController();
    const asked = AbortSignal.any([news.signal, this.#over.signal]);
    const waiting = this.container.wait({ abortSignal: asked }) as Promise<unknown>;
    const time = sleep(this.options.timing.pollMs, undefined, { signal: news.signal });
    try {
      await Promise.race([waiting, time]);
    } finally {
      news.abort();
      await Promise.allSettled([time]);
      waiting.catch(() => undefined);
    }
  }

  /** Asks it to end; kills it when it has not by the end of its grace. Once is enough. */
  async #end(cause: StopCause, { atOnce = false } = {}): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.options.onStopping(cause);
    const { graceMs } = this.options.timing;
    const seconds = Math.ceil(graceMs / 1000);
    const stop = (): Promise<unknown> =>
      this.#ask((abortSignal) => this.container.stop({ t: seconds, abortSignal }), graceMs + REQUEST_MS);
    const kill = (): Promise<unknown> => this.#ask((abortSignal) => this.container.kill({ abortSignal }));
    if (!atOnce) await stop();
    // Again until it has ended: a daemon that is away now may be back.
    while (!this.#over.signal.aborted) {
      await kill();
      await sleep(RETRY_MS);
    }
  }

  /** Whether it worked shows in `inspect`. */
  async #ask(call: (signal: AbortSignal) => Promise<unknown>, ms = REQUEST_MS): Promise<void> {
    await withDeadline(this.#over.signal, ms, call).catch(() => undefined);
  }

  #inspect(): Promise<ContainerState> {
    return withDeadline(this.#over.signal, REQUEST_MS, (signal) => inspectContainer(this.container, signal));
  }
}
