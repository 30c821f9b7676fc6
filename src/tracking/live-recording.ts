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

/** Begins at once, and goes on until `end`; what fails is told once and tried again. */
export function followRun(run: RunToRecord, options: FollowOptions, tools: LogTools): LiveRecording {
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const done = repeat(run, { ...options, signal }, tools);
  return {
    async end() {
      ending.abort();
      await done;
    },
  };
}

async function repeat(run: RunToRecord, options: FollowOptions, tools: LogTools): Promise<void> {
  const { signal, onNotice } = options;
  let waitMs = SHORTEST_WAIT_MS;
  for (let told = false; !signal.aborted;) {
    try {
      await sendWhileThere(run, options, tools, () => {
        waitMs = SHORTEST_WAIT_MS;
      });
    } catch (error) {
      if (isAborted(signal)) return;
      if (!told) onNotice?.(`Live recording waits: ${toRunnerError(error).message}`);
      told = true;
      await pause(waitMs, signal);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }
}

function sendWhileThere(
  run: RunToRecord,
  options: FollowOptions,
  tools: LogTools,
  onSent: () => void,
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

/** Ends early, and quietly, once the signal is aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
