import type { Clock } from '../common/clock.js';
import type { RunEvent } from '../contract/run-event.js';
import type { Resources } from '../contract/run-outcome.js';
import { watchEventLoop } from './event-loop-delay.js';

/** What a run has used so far. */
export type ResourceMeter = () => Resources;

/** This process since it was started, Node's own start included: what the user waits and pays for. */
export const processMeter = (): Required<Omit<Resources, 'eventLoopDelay'>> => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    wallMs: Math.round(performance.now()),
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakRssBytes: maxRSS * 1024,
  };
};

/**
 * Of a run that another process has begun: how long ago that was. What that process has used went with it, and what the
 * one that finds the run uses is no part of it.
 */
export const meterSince =
  (startedAt: number, { now }: Pick<Clock, 'now'>): ResourceMeter =>
  () => ({ wallMs: Math.max(0, Math.round(now() - startedAt)) });

export interface RunMeter extends Disposable {
  readonly read: ResourceMeter;
  /** To be told the run's events. */
  readonly onEvent: (event: RunEvent) => void;
}

/** As `processMeter`, and how its event loop answers from now on, until the meter is disposed of. */
export function startMeter(clock: Clock): RunMeter {
  const loop = watchEventLoop(clock);
  return {
    read: () => ({ ...processMeter(), eventLoopDelay: loop.read() }),
    onEvent: (event) => loop.onEvent(event),
    [Symbol.dispose]: () => loop[Symbol.dispose](),
  };
}
