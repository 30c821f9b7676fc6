import { EXIT } from '../../contract/errors.js';
import { placeOf } from '../../orchestrator/find-run.js';
import { listStoredRuns } from '../../orchestrator/list-runs.js';
import { hasEnded } from '../../orchestrator/read-run.js';
import type { RunWithOutcome } from '../../orchestrator/read-run.js';
import { isBeingCleared } from '../../orchestrator/recover.js';
import { toRunnerError } from '../../common/errors.js';
import type { Tracking } from '../../tracking/tracking.js';
import { readSettings, runsDirOf } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { connect, recordEach, toRecord } from './log.js';
import type { LogFlags } from './log.js';

export type SyncFlags = Flags & Pick<LogFlags, 'verify' | 'quiet'>;

/**
 * `runner sync`: every run of the runs directory that has ended, was not kept from being recorded, and of which the
 * server lacks something.
 */
export async function sync(context: CliContext, flags: SyncFlags): Promise<number> {
  const given = await readSettings(context, flags, ['runsDir', 'trackingUri', 'experiment']);
  const runsDir = runsDirOf(context, given);
  const runs = await listStoredRuns(runsDir);
  noteOthers(context, runs);
  const tracking = await connect(context, given, flags);
  let judged: Judged;
  try {
    judged = await pendingRuns(context, runs, tracking, flags.verify ?? false);
  } finally {
    tracking.close();
  }
  const { pending, status } = judged;
  if (pending.length === 0) {
    // Nobody has asked the server.
    const none = `No run is pending for ${tracking.uri} in ${await placeOf(runsDir)}.`;
    context.output.result({ runs: [] }, () => none);
    return status;
  }
  const recorded = await recordEach(context, pending, given, flags);
  return status === EXIT.succeeded ? recorded : status;
}

interface Judged {
  readonly pending: readonly RunWithOutcome[];
  /** That of the first run of which nothing can be said; 0 if there is none. */
  readonly status: number;
}

type Listed = Awaited<ReturnType<typeof listStoredRuns>>;

/** Oldest first, as they happened. */
async function pendingRuns(
  { output }: CliContext,
  runs: Listed,
  tracking: Tracking,
  all: boolean,
): Promise<Judged> {
  const ended = runs
    .filter((run) => run.state !== 'unreadable')
    .filter(hasEnded)
    .reverse();
  const pending: RunWithOutcome[] = [];
  let cleared = 0;
  let status: number = EXIT.succeeded;
  for (const run of ended) {
    try {
      if (await isBeingCleared(run)) {
        cleared += 1;
        continue;
      }
      const toBe = await toRecord(run);
      if (toBe.request?.tracking?.track === false) continue;
      if (all || (await tracking.isPending(toBe))) pending.push(run);
    } catch (error) {
      const known = toRunnerError(error);
      output.explain(known);
      if (status === EXIT.succeeded) status = known.exitCode;
    }
  }
  if (cleared > 0) output.note(`Left out: ${cleared} whose process is still clearing up.`);
  return { pending, status };
}

/** What is left out, so that nobody thinks it recorded. */
function noteOthers({ output }: CliContext, runs: Listed): void {
  const count = (state: Listed[number]['state']): number => runs.filter((run) => run.state === state).length;
  const [running, unfinished, unreadable] = [count('running'), count('unfinished'), count('unreadable')];
  if (running > 0) output.note(`Left out: ${running} still running.`);
  if (unfinished > 0)
    output.note(`Left out: ${unfinished} without a process; \`runner recover\` finishes them.`);
  if (unreadable > 0)
    output.note(`Left out: ${unreadable} that cannot be read; \`runner runs ls\` says why.`);
}
