import { RunnerError } from '../../contract/errors.js';
import { describeSelection, selectsAll } from '../../orchestrator/select-runs.js';
import type { RunSelection } from '../../orchestrator/select-runs.js';
import { createReport } from '../../report/compare/report.js';
import type { ComparedRun } from '../../report/compare/run-figures.js';
import { diskRuns } from '../comparison/disk-runs.js';
import type { RunSource, RunSourceName } from '../comparison/run-source.js';
import { withServerRuns } from '../comparison/server-runs.js';
import { readReportFlags, tellReport } from '../comparison/tell-report.js';
import type { ReportFlags } from '../comparison/tell-report.js';
import { tellScaling } from '../comparison/tell-scaling.js';
import { readRunsDir } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { readTags } from '../tags.js';

export interface CompareFlags extends Flags, ReportFlags {
  readonly from?: RunSourceName;
  readonly trackingUri?: string;
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
  const atServer = flags.from === 'mlflow';
  if (!atServer && flags.trackingUri !== undefined) throw onlyFromServer();
  const selection = { tags: readTags(flags.tag), experiment: flags.experiment };
  // A server has many experiments: one that is given says where the runs are that are named.
  const chosen = atServer ? { tags: selection.tags } : selection;
  if (queries.length > 0 && !selectsAll(chosen)) throw twoWays(chosen);
  const force = flags.force ?? false;
  const runsDir = await readRunsDir(context, flags);

  async function compareRuns(source: RunSource): Promise<number> {
    if (flags.scaling === true) return tellScaling(context, source, queries, flags);
    const report = createReport(await read(source), { force });
    return tellReport(context, report, request, { runsDir, source });
  }

  function read(source: RunSource): Promise<ComparedRun[]> {
    if (queries.length > 0) return source.readNamed(queries);
    if (selectsAll(selection)) return source.readLatest();
    return source.readSelected(selection, { force });
  }

  return atServer
    ? withServerRuns(context, flags, compareRuns)
    : compareRuns(diskRuns(runsDir, context.output));
}

const twoWays = (selection: RunSelection): RunnerError =>
  new RunnerError('usage', `Runs are named or chosen by ${describeSelection(selection)}, not both.`, {
    hint: 'Leave out the names, or --tag and --experiment.',
  });

const onlyFromServer = (): RunnerError =>
  new RunnerError('usage', '--tracking-uri is for runs that are read from a tracking server.', {
    hint: 'Add `--from mlflow`, or leave out --tracking-uri.',
  });
