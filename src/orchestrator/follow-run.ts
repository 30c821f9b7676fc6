import { setTimeout as sleep } from 'node:timers/promises';
import { exists } from '../common/exists.js';
import { RunnerError } from '../contract/errors.js';
import type { JsonNumber } from '../contract/json-number.js';
import { runPath } from '../contract/run-directory.js';
import type { RunEvent } from '../contract/run-event.js';
import { EventTail } from './event-tail.js';
import { readRun } from './read-run.js';
import type { StoredRun } from './read-run.js';
import type { RunDirectory } from './runs-directory.js';

const POLL_MS = 200;

type MetricEvent = Extract<RunEvent, { type: 'metric' }>;

/** Figures of training steps. An evaluation, which comes after the last of them, writes a metric that has neither. */
export type StepsMetric = MetricEvent & {
  readonly values: { readonly loss: JsonNumber; readonly accuracy: JsonNumber };
};

export interface FollowOptions {
  /** Called for every event, in order, from the run's first one on. */
  readonly onEvent: (event: RunEvent) => void;
  /** Called after the events of each look with the newest figures of steps, unless an epoch has ended since: for a display. */
  readonly onMetric?: (event: StepsMetric) => void;
  readonly signal: AbortSignal;
  /** Milliseconds between two looks; default 200. */
  readonly pollMs?: number;
}

/**
 * Watches a run that another process brings to its end, by its directory alone.
 * @returns the run once it has ended, or its process has died
 * @throws the signal's reason once it is aborted; the run goes on
 * @throws RunnerError `run-not-found` if it is removed meanwhile; as `readRun`
 */
export async function followRun(
  run: RunDirectory,
  { onEvent, onMetric, signal, pollMs = POLL_MS }: FollowOptions,
): Promise<StoredRun> {
  const events = new EventTail(runPath(run.runDir, 'events'));
  for (;;) {
    signal.throwIfAborted();
    // State before events: all of an ended run's events are then told.
    const stored = await readUnlessRemoved(run);
    const come = await events.read();
    for (const event of come) onEvent(event);
    const newest = come.findLast((event) => event.type === 'epoch' || isOfSteps(event));
    if (newest !== undefined && isOfSteps(newest)) onMetric?.(newest);
    if (stored.state !== 'running') return stored;
    await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

const isOfSteps = (event: RunEvent): event is StepsMetric =>
  event.type === 'metric' && event.values.loss !== undefined && event.values.accuracy !== undefined;

async function readUnlessRemoved(run: RunDirectory): Promise<StoredRun> {
  try {
    return await readRun(run);
  } catch (error) {
    if (await exists(run.runDir)) throw error;
    throw new RunnerError('run-not-found', `Run ${run.runId} is gone: somebody has removed it.`, {
      cause: error,
    });
  }
}
