import { resolve } from 'node:path';
import { toJson } from '../../common/json.js';
import { EXIT, RunnerError } from '../../contract/errors.js';
import { readCheck } from '../../report/compare/expression/check.js';
import type { Check } from '../../report/compare/expression/check.js';
import { renderCsv } from '../../report/compare/render-csv.js';
import { renderMarkdown } from '../../report/compare/render-markdown.js';
import { renderTerminal } from '../../report/compare/render-terminal.js';
import { createReport } from '../../report/compare/report.js';
import type { Report } from '../../report/compare/report.js';
import { chooseFormat } from '../comparison/formats.js';
import type { FormatFlags, ReportFormat } from '../comparison/formats.js';
import { readLatest, readNamed } from '../comparison/read-runs.js';
import { writeReport } from '../comparison/write-report.js';
import { readRunsDir } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { wantsColour } from '../io.js';
import { describeFailure } from '../output.js';

export interface CompareFlags extends Flags, FormatFlags {
  readonly failIf?: string;
  readonly force?: boolean;
}

/** `runner compare [RUN...]` @returns the exit status: 1 if the condition of --fail-if holds */
export async function compare(
  context: CliContext,
  queries: readonly string[],
  flags: CompareFlags,
): Promise<number> {
  const { io, output } = context;
  // What can be wrong with the command line is told before any run is read.
  const format = chooseFormat(flags, output);
  const check = flags.failIf === undefined ? undefined : readCheck(flags.failIf);
  const runsDir = await readRunsDir(context, flags);
  const runs = await (queries.length > 0 ? readNamed(runsDir, queries) : readLatest(runsDir, noteUnreadable));
  const report = createReport(runs, { force: flags.force ?? false });
  const checked = check?.(report);
  const failure = checked?.holds === true ? checkFailed(checked) : undefined;

  const document = {
    ...report,
    ...(checked === undefined ? {} : { check: checked }),
    ...(failure === undefined ? {} : { error: describeFailure(failure) }),
  };
  const render = (colour: boolean): string => renderReport(format, report, document, colour);
  if (flags.output === undefined) {
    output.result(document, () => render(wantsColour(io.stdout, io.env)));
  } else {
    const path = resolve(io.cwd, flags.output);
    await writeReport(path, `${render(false)}\n`);
    output.result({ ...document, output: path }, () => undefined);
    output.note(`The comparison (${format}) is in ${path}.`);
  }
  if (failure === undefined) return EXIT.succeeded;
  output.explain(failure);
  return failure.exitCode;

  function noteUnreadable(count: number): void {
    output.note(
      `${count === 1 ? '1 run cannot be read and is' : `${count} runs cannot be read and are`} left out: \`runner runs ls\` says why.`,
    );
  }
}

function renderReport(format: ReportFormat, report: Report, document: unknown, colour: boolean): string {
  switch (format) {
    case 'terminal':
      return renderTerminal(report, { colour });
    case 'json':
      return toJson(document, 2);
    case 'markdown':
      return renderMarkdown(report);
    case 'csv':
      return renderCsv(report);
  }
}

function checkFailed({ expression, values }: Check): RunnerError {
  const found = Object.entries(values).map(([name, value]) => `${name} is ${value}`);
  const given = found.length === 0 ? '' : `: ${found.join(', ')}`;
  return new RunnerError('check-failed', `--fail-if ${JSON.stringify(expression)} holds${given}.`);
}
