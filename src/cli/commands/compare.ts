import { RunnerError } from '../../contract/errors.js';
import { describeSelection, selectsAll } from '../../orchestrator/select-runs.js';
import type { RunSelection } from '../../orchestrator/select-runs.js';
import { createReport } from '../../report/compare/report.js';
import type { ComparedRun } from '../../report/compare/run-figures.js';
import { readLatest, readNamed, readSelected } from '../comparison/read-runs.js';
import { readReportFlags, tellReport } from '../comparison/tell-report.js';
import type { ReportFlags } from '../comparison/tell-report.js';
import { tellScaling } from '../comparison/tell-scaling.js';
import { readRunsDir } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { readTags } from '../tags.js';

export interface CompareFlags extends Flags, ReportFlags {
  readonly force?: boolean;
  readonly tag?: readonly string[];
  readonly experiment?: string;
  readonly scaling?: boolean;
}

/** `runner compare [RUN...]` @returns the exit status: 1 if the condition of --fail-if holds */
export async function compare(
  context: CliContext,
  queries: readonly string[],
  flags: CompareFlags,
): Promise<number> {
  const request = readReportFlags(flags, context);
  const selection = { tags: readTags(flags.tag), experiment: flags.experiment };
  if (queries.length > 0 && !selectsAll(selection)) throw twoWays(selection);
  const force = flags.force ?? false;
  const runsDir = await readRunsDir(context, flags);
  if (flags.scaling === true) return await tellScaling(context, runsDir, queries, flags);
  const report = createReport(await read(), { force });
  return tellReport(context, report, request, runsDir);

  function read(): Promise<ComparedRun[]> {
    if (queries.length > 0) return readNamed(runsDir, queries);
    if (selectsAll(selection)) return readLatest(runsDir, noteUnreadable);
    const onLeftOut = (runs: number): void =>
      context.output.note(
        `${runs === 1 ? '1 run that has' : `${runs} runs that have`} not succeeded ${runs === 1 ? 'is' : 'are'} left out${force ? ': no outcome yet' : '; --force takes in those that have ended'}.`,
      );
    return readSelected(runsDir, selection, { force, onUnreadable: noteUnreadable, onLeftOut });
  }

  function noteUnreadable(count: number): void {
    context.output.note(
      `${count === 1 ? '1 run cannot be read and is' : `${count} runs cannot be read and are`} left out: \`runner runs ls\` says why.`,
    );
  }
}

const twoWays = (selection: RunSelection): RunnerError =>
  new RunnerError('usage', `Runs are named or chosen by ${describeSelection(selection)}, not both.`, {
    hint: 'Leave out the names, or --tag and --experiment.',
  });
