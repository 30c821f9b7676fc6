/** `runner compare --scaling RUN...`: what a run costs however long it trains, and what each epoch adds. */
import { EXIT, RunnerError } from '../../contract/errors.js';
import { createScalingReport, renderScaling } from '../../report/compare/scaling-report.js';
import type { CliContext } from '../context.js';
import type { RunSource } from './run-source.js';
import type { ReportFlags } from './tell-report.js';

/** @throws RunnerError `usage` for what only the comparison of modes has; `not-comparable` */
export async function tellScaling(
  { output }: CliContext,
  source: Pick<RunSource, 'readNamed'>,
  queries: readonly string[],
  { format, output: file, failIf, open, force }: ReportFlags & { readonly force?: boolean },
): Promise<number> {
  const given = { '--output': file, '--fail-if': failIf, '--open': open, '--force': force };
  const other = Object.entries(given).find(([, value]) => value !== undefined && value !== false);
  if (other !== undefined || (format !== undefined && format !== 'terminal')) {
    throw new RunnerError('usage', `--scaling has no ${other?.[0] ?? `--format ${format ?? ''}`}.`, {
      hint: 'Take --json for a document.',
    });
  }
  if (queries.length === 0) {
    throw new RunnerError('usage', '--scaling: which runs? Name those that differ in their epochs only.');
  }
  const report = createScalingReport(await source.readNamed(queries));
  output.result(report, () => renderScaling(report));
  return EXIT.succeeded;
}
