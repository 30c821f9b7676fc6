import { findRun } from '../../orchestrator/find-run.js';
import { readSettings, runsDirOf } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { chooseReporter } from '../progress/choose.js';
import type { ProgressFlags } from '../progress/choose.js';
import { noteBeside } from '../note-beside.js';
import { listenForSignals } from '../signals.js';
import { tellRun } from '../tell-run.js';
import { bringToEnd } from '../training/bring-to-end.js';
import { recoveryTools } from '../training/recovery-tools.js';

/** A run that is attached to is never cancelled by that: it goes on when this process leaves. */
const NEVER = new AbortController().signal;

/**
 * `runner runs attach RUN`: watches a run that goes on, finishes one whose process has died, tells one that has ended.
 * @returns the exit status of `runner train`
 */
export async function attach(
  context: CliContext,
  query: string,
  flags: Flags & ProgressFlags,
): Promise<number> {
  const { io, signals, clock, output } = context;
  const given = await readSettings(context, flags, ['runsDir', 'log']);
  const run = await findRun(runsDirOf(context, given), query);
  const reporter = await chooseReporter(context, given.log?.value ?? 'pretty', flags);
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: reporter.finish,
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const note = noteBeside(reporter, output);
  try {
    const finished = await bringToEnd(run, {
      ...{ reporter, signal, cancel: NEVER },
      tools: recoveryTools(context, { note, signal }),
    });
    reporter.finish();
    return tellRun(context, finished, interruption);
  } catch (error) {
    reporter.finish();
    throw error;
  }
}
