import { EXIT } from '../../contract/errors.js';
import { listRuns } from '../../orchestrator/list-runs.js';
import type { ListedRun } from '../../orchestrator/list-runs.js';
import { hasEnded } from '../../orchestrator/read-run.js';
import type { RunWithOutcome } from '../../orchestrator/read-run.js';
import { toRunnerError } from '../../common/errors.js';
import type { Tracking } from '../../tracking/tracking.js';
import { readSettings, runsDirOf } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { connect, recordEach, toRecord } from './log.js';
import type { LogFlags } from './log.js';

/**
 * `runner sync`: every run of the runs directory that has ended, was not kept from being recorded, and of which the
 * server lacks something.
 */
export async function sync(context: CliContext, flags: Flags & Pick<LogFlags, 'verify'>): Promise<number> {
  const given = await readSettings(context, flags, ['runsDir', 'trackingUri', 'experiment']);
  const runsDir = runsDirOf(context, given);
  const runs = await listRuns(runsDir);
  noteOthers(context, runs);
  const tracking = await connect(context, given);
  let pending: RunWithOutcome[];
  try {
    pending = await pendingRuns(context, runs, tracking, flags.verify ?? false);
  } finally {
    tracking.close();
  }
  if (pending.length === 0) {
    context.output.result({ runs: [] }, () => `${tracking.uri} holds all the runs of ${runsDir}.`);
    return EXIT.succeeded;
  }
  return recordEach(context, pending, given, flags);
}

/** Oldest first, as they happened. */
async function pendingRuns(
  { output }: CliContext,
  runs: readonly ListedRun[],
  tracking: Tracking,
  all: boolean,
): Promise<RunWithOutcome[]> {
  const ended = runs
    .filter((run) => run.state !== 'unreadable')
    .filter(hasEnded)
    .reverse();
  const pending: RunWithOutcome[] = [];
  for (const run of ended) {
    try {
      const toBe = await toRecord(run);
      if (toBe.request?.tracking?.track === false) continue;
      if (all || (await tracking.isPending(toBe))) pending.push(run);
    } catch (error) {
      output.explain(toRunnerError(error));
    }
  }
  return pending;
}

/** What is left out, so that nobody thinks it recorded. */
function noteOthers({ output }: CliContext, runs: readonly ListedRun[]): void {
  const count = (state: ListedRun['state']): number => runs.filter((run) => run.state === state).length;
  const [running, unfinished, unreadable] = [count('running'), count('unfinished'), count('unreadable')];
  if (running > 0) output.note(`Left out: ${running} still running.`);
  if (unfinished > 0)
    output.note(`Left out: ${unfinished} without a process; \`runner recover\` finishes them.`);
  if (unreadable > 0)
    output.note(`Left out: ${unreadable} that cannot be read; \`runner runs ls\` says why.`);
}
