/** How late the event loop of this process answers: what everything else that lives in it waits for. */
import { createHistogram } from 'node:perf_hooks';
import type { Clock } from '../common/clock.js';
import type { RunEvent } from '../contract/run-event.js';
import type { EventLoopDelay } from '../contract/run-outcome.js';

/**
 * A task is due so often. To wake an idle process costs 0.2 ms of processor time on a busy machine: more often, it would
 * show in what an isolated run costs. It keeps no process alive.
 */
const EVERY_MS = 100;

export interface EventLoopWatch extends Disposable {
  /** To be told the run's events: they say when it trains. */
  onEvent(event: RunEvent): void;
  /** From the beginning of the watch to now. */
  read(): EventLoopDelay;
}

/**
 * Watches from now on. A loop that is back after 500 ms has kept five tasks waiting, for 400, 300, 200, 100 and 0 ms,
 * and all five are noted: what a request waits that comes at any moment. Node's `monitorEventLoopDelay` notes the first
 * alone, and so makes long stalls rare (Gil Tene's "coordinated omission").
 */
export function watchEventLoop({ elapsed }: Pick<Clock, 'elapsed'>): EventLoopWatch {
  // While it trains, in tenths of a millisecond and one more: a histogram begins with 1.
  const late = createHistogram();
  let maxMs = 0;
  let trains = false;
  let due = elapsed() + EVERY_MS;
  const note = (now: number): void => {
    for (; due <= now; due += EVERY_MS) {
      maxMs = Math.max(maxMs, now - due);
      if (trains) late.record(1 + Math.round(10 * (now - due)));
    }
  };
  const answer = (): void => {
    const now = elapsed();
    note(now);
    timer = setTimeout(answer, Math.ceil(due - now)).unref();
  };
  let timer = setTimeout(answer, EVERY_MS).unref();
  return {
    onEvent(event) {
      if (event.type !== 'phase' || event.name !== 'train') return;
      note(elapsed());
      trains = event.state === 'start';
    },
    read() {
      note(elapsed());
      return {
        ...(late.count === 0 ? {} : { trainP99Ms: (late.percentile(99) - 1) / 10 }),
        maxMs: Math.round(10 * maxMs) / 10,
      };
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
