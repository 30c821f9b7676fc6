import type { RunStatus } from '../../contract/run-outcome.js';
import { findRun } from '../../orchestrator/find-run.js';
import { requestStop } from '../../orchestrator/request-stop.js';
import type { RunDirectory } from '../../orchestrator/runs-directory.js';
import { printable } from '../../report/printable.js';
import { readRunsDir } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { silentReporter } from '../progress/reporter.js';
import { listenForSignals } from '../signals.js';
import { bringToEnd } from '../training/bring-to-end.js';
import { recoveryTools } from '../training/recovery-tools.js';
import { leftoverMember, noteLeftover } from '../tell-run.js';
import { tellEach } from '../tell-each.js';

/** A run that is taken over to be stopped is so by the word that was left in its directory. */
const NEVER = new AbortController().signal;

/** `runner runs stop RUN...`: asks each to end in good order, and waits until it has. */
export async function stop(context: CliContext, queries: readonly string[], flags: Flags): Promise<number> {
  const { io, signals, clock, output } = context;
  const runsDir = await readRunsDir(context, flags);
  const found = await Promise.all(queries.map((query) => findRun(runsDir, query)));
  const runs = [...new Map(found.map((run) => [run.runId, run])).values()];
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => undefined,
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const note = (text: string): void => output.note(printable(text));
  const tools = recoveryTools(context, { note, signal });
  const stopOne = async (run: RunDirectory) => {
    const { over, elsewhere } = await requestStop(run, clock);
    if (elsewhere !== undefined) {
      note(
        `Run ${run.runId} belongs to a process on ${elsewhere}, which is asked; waiting until it has ended.`,
      );
    }
    const finished = await bringToEnd(run, { reporter: silentReporter, signal, cancel: NEVER, tools });
    noteLeftover(output, finished);
    const { outcome } = finished;
    const how = over ? 'over' : outcome.status === 'cancelled' ? 'stopped' : 'ended';
    return { status: outcome.status, how, ...leftoverMember(finished) } as const;
  };
  return await tellEach(context, runs, {
    member: 'runs',
    work: stopOne,
    line: ({ runId }, { how, status }) => LINES[how](runId, status),
  });
}

/** By how a run has come to its end: by this command, by itself meanwhile, or before. */
const LINES = {
  stopped: (runId: string) => `Stopped ${runId}.`,
  ended: (runId: string, status: RunStatus) =>
    status === 'lost' ? `${runId} is lost: its process had died.` : `${runId} ended by itself (${status}).`,
  over: (runId: string, status: RunStatus) => `${runId} had ended before (${status}).`,
};
