/** `--live`: a run's metrics on the server while it trains. Training knows nothing of it and never waits for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { toRunnerError } from '../common/errors.js';
import { describedRun, experimentOf } from './log-run.js';
import type { LogTools } from './log-run.js';
import { describeRun } from './record/describe-run.js';
import { withRecordingLock } from './recording-lock.js';
import { RunRecorder } from './run-recorder.js';
import type { FollowOptions, LiveRecording, RunToRecord } from './tracking.js';

const SEND_EVERY_MS = 5_000;
/** After a failure it waits longer each time, up to this. */
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
  let waitMs = SEND_EVERY_MS;
  for (let told = false; !signal.aborted;) {
    try {
      await sendWhileThere(run, options, tools, () => {
        waitMs = SEND_EVERY_MS;
      });
    } catch (error) {
      if (isAborted(signal)) return;
      if (!told) onNotice?.(`Live recording waits: ${toRunnerError(error).message}`);
      told = true;
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      await pause(waitMs, signal);
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
    const record = describeRun(describedRun(run, null, tools));
    const recorder = await RunRecorder.open(run.runDir, record, tools.server, {
      ...{ experiment: experimentOf(run, options), destination: tools.destination, again: false },
      ...{ attempts: tools.attempts, signal },
    });
    await recorder.describe(record);
    while (!signal.aborted) {
      await recorder.sendEvents();
      onSent();
      await pause(SEND_EVERY_MS, signal);
    }
  });
}

/** Asked anew: it may have been aborted since. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** Ends early, and quietly, once the signal is aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
