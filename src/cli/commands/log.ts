import { readRequest } from '../../common/run-files.js';
import { toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { findRun } from '../../orchestrator/find-run.js';
import { hasEnded, readRun } from '../../orchestrator/read-run.js';
import type { RunWithOutcome } from '../../orchestrator/read-run.js';
import { printable } from '../../report/printable.js';
import type { RecordOptions, RunToRecord, Tracking } from '../../tracking/tracking.js';
import { readSettings, runsDirOf } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import type { Given } from '../settings.js';
import { listenForSignals } from '../signals.js';
import { tellEach } from '../tell-each.js';
import { checkModelName } from '../tracking/model-name.js';
import { runAgain } from '../tracking/run-again.js';
import { clockSkewLine, recordedDocument, recordedLine, staysLine } from '../tracking/tell-recorded.js';

export interface LogFlags extends Flags {
  readonly again?: boolean;
  readonly verify?: boolean;
  readonly register?: string;
  readonly quiet?: boolean | undefined;
}

/** `runner log RUN...`: the runs that are named, whether or not they were to be recorded. */
export async function log(context: CliContext, queries: readonly string[], flags: LogFlags): Promise<number> {
  checkModelName(flags.register);
  const given = await readSettings(context, flags, ['runsDir', 'trackingUri', 'experiment']);
  const runsDir = runsDirOf(context, given);
  const found = await Promise.all(queries.map((query) => findRun(runsDir, query)));
  const runs = await Promise.all([...new Map(found.map((run) => [run.runId, run])).values()].map(readRun));
  const open = runs.find((run) => !hasEnded(run));
  if (open !== undefined) throw stillOpen(open.runId, open.state);
  return recordEach(context, runs.filter(hasEnded), given, flags);
}

/**
 * Records runs one after the other, and tells of each.
 * @param runs all of them are tried, for what is wrong with one hinders no other, unless the server answers no longer
 */
export async function recordEach(
  context: CliContext,
  runs: readonly RunWithOutcome[],
  given: Given,
  { again, verify, register, quiet }: LogFlags,
): Promise<number> {
  const { io, output, signals, clock } = context;
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => undefined,
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const tracking = await connect(context, given, { quiet });
  try {
    const options: RecordOptions = {
      signal,
      ...(given.experiment?.value == null ? {} : { experiment: given.experiment.value }),
      ...(again === undefined ? {} : { again }),
      ...(verify === undefined ? {} : { verify }),
      ...(register === undefined ? {} : { register }),
    };
    // One message instead of one a run.
    const { clockSkewMs } = await tracking.probe(signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw runAgain(toRunnerError(error), runs.length);
    });
    const skewed = clockSkewLine(clockSkewMs ?? 0);
    if (skewed !== undefined) output.note(skewed);
    return await tellEach(context, runs, {
      member: 'runs',
      atOnce: 1,
      async work(run) {
        signal.throwIfAborted();
        const recorded = await tracking.record(await toRecord(run), options).catch((error: unknown) => {
          throw runAgain(toRunnerError(error));
        });
        const stays = staysLine(run.runId, recorded, given.experiment?.value);
        if (stays !== undefined) output.note(printable(stays));
        return recorded;
      },
      problem: ({ problem }) => (problem === null ? null : runAgain(problem)),
      document: recordedDocument,
      // Each of the others would wait as long. A server that answers has trouble with this run alone.
      holdsForAll: async ({ code }) => code === 'tracking-unreachable' && !(await answers(tracking, signal)),
      isShared: ({ code }) => code === 'experiment-deleted',
      line: ({ runId }, recorded) => `${runId} ${recordedLine(recorded)}`,
    });
  } finally {
    tracking.close();
  }
}

async function answers(tracking: Tracking, signal: AbortSignal): Promise<boolean> {
  try {
    await tracking.probe(signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    return toRunnerError(error).code !== 'tracking-unreachable';
  }
}

/**
 * @param flags `quiet`: not told why nothing is heard of the server
 * @throws RunnerError `usage` if there is no tracking server to record at
 */
export async function connect(
  { io, services, output }: CliContext,
  { trackingUri }: Given,
  { quiet }: Pick<LogFlags, 'quiet'>,
): Promise<Tracking> {
  if (trackingUri?.value == null) {
    throw new RunnerError('usage', 'There is no tracking server to record at.', {
      hint: 'Give one with --tracking-uri or MLFLOW_TRACKING_URI; `runner ui` starts one of your own.',
    });
  }
  const { env, cwd } = io;
  const onWaiting = quiet === true ? undefined : (text: string): void => output.note(printable(text));
  return services.connectTracking({ uri: trackingUri.value, env, cwd, hurried: false, onWaiting });
}

export const toRecord = async ({ runId, runDir, spec, outcome }: RunWithOutcome): Promise<RunToRecord> => ({
  ...{ runId, runDir, spec, outcome },
  request: await readRequest(runDir),
});

const stillOpen = (runId: string, state: string): RunnerError =>
  new RunnerError('run-unfinished', `Run ${runId} is ${state}: it is recorded once it has ended.`, {
    hint:
      state === 'unfinished'
        ? `\`runner runs attach ${runId}\` or \`runner recover\` brings it to its end.`
        : 'Wait for it to end; `runner train --live` records while it trains.',
  });
