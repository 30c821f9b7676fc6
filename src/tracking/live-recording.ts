/**
 * `--live`: a run's metrics on the server while it trains. Training knows nothing of it and never waits for it; but it is
 * on the same processors, as a server on this machine is, so no more is loaded than metrics need, and little is sent often.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { toRunnerError } from '../common/errors.js';
import { describedRun, experimentOf } from './described-run.js';
import type { LogTools } from './log-tools.js';
import { describeRun } from './record/describe-run.js';
import { withRecordingLock } from './recording-lock.js';
import { RunRecorder } from './run-recorder.js';
import type { FollowOptions, LiveRecording, RunToRecord } from './tracking.js';

/** The first points are soon there, for whoever looks whether it works. */
const SEND_FIRST_MS = 3_000;
const SEND_EVERY_MS = 10_000;
/** After a failure it waits twice as long each time, from this … */
const SHORTEST_WAIT_MS = 5_000;
/** … up to this. */
const LONGEST_WAIT_MS = 60_000;

/** Passes time, and ends early and quietly once the signal is aborted. */
type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

/** Begins at once, and goes on until `end`; what fails is tried again. Each outage is told once, and its end, too. */
export function followRun(
  run: RunToRecord,
  options: FollowOptions,
  tools: LogTools,
  pause: Pause = pauseFor,
): LiveRecording {
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const done = repeat(run, { ...options, signal }, tools, pause);
  return {
    async end() {
      ending.abort();
      await done;
    },
  };
}

async function repeat(
  run: RunToRecord,
  options: FollowOptions,
  tools: LogTools,
  pause: Pause,
): Promise<void> {
  const { signal, onNotice } = options;
  let [waits, waitMs] = [false, SHORTEST_WAIT_MS];
  const onSent = (): void => {
    if (waits) onNotice?.('Live recording goes on.');
    [waits, waitMs] = [false, SHORTEST_WAIT_MS];
  };
  while (!signal.aborted) {
    try {
      await sendWhileThere(run, options, tools, { onSent, pause });
    } catch (error) {
      if (isAborted(signal)) return;
      if (!waits) onNotice?.(`Live recording waits: ${toRunnerError(error).message}`);
      waits = true;
      await pause(waitMs, signal);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }
}

function sendWhileThere(
  run: RunToRecord,
  options: FollowOptions,
  tools: LogTools,
  { onSent, pause }: { readonly onSent: () => void; readonly pause: Pause },
): Promise<void> {
  return withRecordingLock(run, options.signal, async (signal) => {
    const record = describeRun(await describedRun(run, null, tools));
    const recorder = await RunRecorder.open(run.runDir, record, tools.server, {
      ...{ experiment: experimentOf(run, options), destination: tools.destination, again: false },
      ...{ attempts: tools.attempts, signal },
    });
    await recorder.describe(record);
    for (let pauseMs = SEND_FIRST_MS; !signal.aborted; pauseMs = SEND_EVERY_MS) {
      await recorder.sendEvents();
      onSent();
      await pause(pauseMs, signal);
    }
  });
}

/** Asked anew: it may have been aborted since. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

const pauseFor: Pause = (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined);
