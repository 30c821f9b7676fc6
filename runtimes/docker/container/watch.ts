/** A running trainer, followed to its end: its lines, its figures, and the one thing that is true, `inspect`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { RunnerError } from '../../../src/contract/errors.js';
import type { TrainerWatch } from '../../../src/isolation/follow-trainer.js';
import { isProgress, LOG_BUDGET_BYTES } from '../../../src/isolation/log-budget.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import { isConnectionLost, isStatus } from '../connection/daemon-error.js';
import { DeadlineError, withDeadline } from '../connection/deadline.js';
import { followLogs } from '../logs/follow.js';
import { goneError, inspectContainer, isGone, type ContainerState } from './inspect.js';
import type { StopCause } from '../../../src/isolation/stop-cause.js';
import type { ContainerEnd } from './journal.js';
import { followStats } from './stats.js';

export interface WatchTiming {
  /** From the request to end to the kill. */
  readonly graceMs: number;
  /** How long a daemon may be away before the run is given up as lost. */
  readonly daemonPatienceMs: number;
  /** `wait` never settles on some broken connections (docker-modem): this often `inspect` is asked all the same. */
  readonly pollMs: number;
}

export const WATCH_TIMING: WatchTiming = { graceMs: 10_000, daemonPatienceMs: 60_000, pollMs: 5000 };

export interface WatchOptions extends TrainerWatch {
  readonly timing: WatchTiming;
}

const RETRY_MS = 500;

/**
 * Returns once the container has ended and all that it printed has been read.
 * @throws RunnerError `daemon-unreachable` if the daemon stays away, `killed` if somebody has removed the container;
 *   what `onLines` and `onStopping` throw
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
  /** Rejects when what goes on beside the watch has failed. */
  readonly #failure: Promise<never>;
  #fail!: (error: unknown) => void;
  #daemonLost = false;
  #stopping = false;

  constructor(
    private readonly container: Docker.Container,
    private readonly options: WatchOptions,
  ) {
    this.#failure = new Promise((_resolve, reject) => (this.#fail = reject));
    this.#failure.catch(() => undefined);
  }

  stop(): void {
    this.#over.abort();
  }

  async untilEnd(): Promise<Omit<ContainerEnd, 'usage' | 'said'>> {
    const { signal, stopping, stopCause } = this.options;
    const onAbort = (): void => this.#end(stopCause());
    // One that had ended before anybody asked it to has its own cause.
    if (!(await this.#hasEnded())) {
      if (stopping !== undefined) this.#end(stopping);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    }
    try {
      const lines = this.#followLines();
      // One that fails, on a full disk say, ends the watch. That container or daemon is gone is for `inspect` to say.
      lines.catch((error: unknown) => isGone(error) || isConnectionLost(error) || this.#fail(error));
      const state = await Promise.race([this.#untilNotRunning(), this.#failure]);
      await Promise.race([lines, this.#failure]);
      const { exitCode, oomKilled, error } = state;
      return { exitCode, oomKilled, error, daemonLost: this.#daemonLost };
    } catch (error) {
      throw isGone(error) ? goneError(error) : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** In doubt it has not. */
  async #hasEnded(): Promise<boolean> {
    try {
      return (await this.#inspect()).status === 'ended';
    } catch {
      return false;
    }
  }

  async #followLines(): Promise<void> {
    const { from, onLines, timing } = this.options;
    const end = await followLogs(this.container, {
      from,
      onLines,
      isRunning: async () => (await this.#inspect()).status === 'running',
      budgetBytes: LOG_BUDGET_BYTES,
      isFree: isProgress,
      signal: this.#over.signal,
      timing: { patienceMs: timing.daemonPatienceMs },
    });
    if (end.reason === 'flood') this.#end('log-flood', { atOnce: true });
  }

  /** The stream's end is not asked: only `inspect` knows. */
  async #untilNotRunning(): Promise<ContainerState> {
    let awaySince: number | undefined;
    let hasNews = false;
    for (;;) {
      try {
        const state = await this.#inspect();
        if (state.status === 'removing') throw goneError();
        if (state.status !== 'running') return state;
        awaySince = undefined;
        // News that are not true, over and over.
        if (hasNews) await this.#pause();
        hasNews = await this.#untilNews();
      } catch (error) {
        const isAway = isConnectionLost(error);
        // What a daemon says that is just starting or ending.
        if (!isAway && !isStatus(error, 500)) throw error;
        // One slow answer of a busy machine is no absence.
        this.#daemonLost ||= isAway && !(error instanceof DeadlineError);
        awaySince ??= performance.now();
        if (performance.now() - awaySince > this.options.timing.daemonPatienceMs) {
          throw isAway ? awayError(error) : error;
        }
        await this.#pause();
      }
    }
  }

  /** @returns whether the container is said to have ended; if not, it is time to ask again */
  async #untilNews(): Promise<boolean> {
    try {
      await withDeadline(this.#over.signal, this.options.timing.pollMs, (abortSignal) =>
        this.container.wait({ abortSignal }),
      );
      return true;
    } catch (error) {
      if (error instanceof DeadlineError) return false;
      throw error;
    }
  }

  /** Asks it to end; kills it when it has not by the end of its grace. Once is enough. */
  #end(cause: StopCause, { atOnce = false } = {}): void {
    if (this.#stopping) return;
    this.#stopping = true;
    const end = async (): Promise<void> => {
      this.options.onStopping(cause);
      if (!atOnce) await this.#askToEnd();
      await this.#kill();
    };
    end().catch(this.#fail);
  }

  /** Again while the daemon is away. */
  async #askToEnd(): Promise<void> {
    const { graceMs } = this.options.timing;
    const t = Math.ceil(graceMs / 1000);
    while (!this.#over.signal.aborted) {
      try {
        await withDeadline(this.#over.signal, 1000 * t + ANSWER_MS.request, (abortSignal) =>
          this.container.stop({ t, abortSignal }),
        );
        return;
      } catch (error) {
        // Whether it worked shows in `inspect`.
        if (error instanceof DeadlineError || !isConnectionLost(error)) return;
        await this.#pause();
      }
    }
  }

  /** Again until it has ended: a daemon that is away now may be back. */
  async #kill(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await withDeadline(this.#over.signal, ANSWER_MS.request, (abortSignal) =>
        this.container.kill({ abortSignal }),
      ).catch(() => undefined);
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    await sleep(RETRY_MS, undefined, { signal: this.#over.signal }).catch(() => undefined);
  }

  #inspect(): Promise<ContainerState> {
    return withDeadline(this.#over.signal, ANSWER_MS.request, (signal) =>
      inspectContainer(this.container, signal),
    );
  }
}

const awayError = (cause: unknown): RunnerError =>
  new RunnerError('daemon-unreachable', 'The Docker daemon went away during the run.', { cause });
