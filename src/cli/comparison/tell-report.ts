/** A report in the form and at the place that it was asked for, and whether the condition of `--fail-if` holds. */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { toRunnerError } from '../../common/errors.js';
import { toJson } from '../../common/json.js';
import { makeDirectory } from '../../common/make-directory.js';
import { EXIT, RunnerError } from '../../contract/errors.js';
import { readCheck } from '../../report/compare/expression/check.js';
import type { Check } from '../../report/compare/expression/check.js';
import { renderCsv } from '../../report/compare/render-csv.js';
import { renderMarkdown } from '../../report/compare/render-markdown.js';
import { renderTerminal } from '../../report/compare/render-terminal.js';
import type { Report } from '../../report/compare/report.js';
import type { CliContext } from '../context.js';
import { wantsColour } from '../io.js';
import { describeFailure } from '../output.js';
import { packageVersion } from '../version.js';
import { chooseFormat } from './formats.js';
import type { FormatFlags, ReportFormat } from './formats.js';
import type { PageSource } from './run-source.js';
import { writeReport } from './write-report.js';

export interface ReportFlags extends FormatFlags {
  readonly failIf?: string;
}

/** What was asked for, once it is known to make sense. */
export interface ReportRequest {
  readonly format: ReportFormat;
  readonly output: string | undefined;
  readonly open: boolean;
  readonly check: ((report: Report) => Check) | undefined;
}

/**
 * What can be wrong with the command line is told before any run is read, or made.
 * @throws RunnerError `usage`
 */
export const readReportFlags = (
  flags: ReportFlags,
  { output }: Pick<CliContext, 'output'>,
): ReportRequest => ({
  format: chooseFormat(flags, output),
  output: flags.output,
  open: flags.open ?? false,
  check: flags.failIf === undefined ? undefined : readCheck(flags.failIf),
});

export interface Telling {
  /** Where a page goes that has no other place. */
  readonly runsDir: string;
  /** Where the runs of the report are; in that runs directory by default. */
  readonly source?: PageSource;
  /** Of the document, besides. */
  readonly members?: object;
}

/**
 * In the runs directory: where a page goes that is to be opened and has no other place. Browsers in a sandbox read
 * neither /tmp nor what is hidden.
 */
const PAGE = 'report.html';

/** @returns the exit status: 1 if the condition holds */
export async function tellReport(
  context: CliContext,
  report: Report,
  request: ReportRequest,
  { runsDir, members = {}, source = { runsDir } }: Telling,
): Promise<number> {
  const { io, output } = context;
  const { format, check } = request;
  const checked = check?.(report);
  const failure = checked?.holds === true ? checkFailed(checked) : undefined;
  const document = {
    ...report,
    ...members,
    ...(checked === undefined ? {} : { check: checked }),
    ...(failure === undefined ? {} : { error: describeFailure(failure) }),
  };
  const page = format === 'html' ? await renderPage(report, source, context) : undefined;
  const render = (colour: boolean): string => page ?? renderReport(format, report, document, colour);
  if (request.output === undefined && !request.open) {
    output.result(document, () => render(wantsColour(io.stdout, io.env)));
  } else {
    const path = request.output === undefined ? await ownPage(runsDir) : resolve(io.cwd, request.output);
    await writeReport(path, `${render(false)}\n`);
    output.result({ ...document, output: path }, () => undefined);
    output.note(`The comparison (${format}) is in ${path}.`);
    if (request.open) {
      const { openBrowser } = await import('../open-browser.js');
      await openBrowser(pathToFileURL(path).href, io.env);
    }
  }
  if (failure === undefined) return EXIT.succeeded;
  output.explain(failure);
  return failure.exitCode;
}

/** What makes a page is loaded for one only. */
export async function renderPage(
  report: Report,
  source: PageSource,
  { services }: Pick<CliContext, 'services'>,
): Promise<string> {
  const [{ readPage }, { renderHtml }] = await Promise.all([
    import('./read-page.js'),
    import('../../report/compare/html/page.js'),
  ]);
  return renderHtml(await readPage(report, { source, services }), { version: packageVersion() });
}

function renderReport(format: ReportFormat, report: Report, document: unknown, colour: boolean): string {
  switch (format) {
    case 'json':
      return toJson(document, 2);
    case 'markdown':
      return renderMarkdown(report);
    case 'csv':
      return renderCsv(report);
    default:
      return renderTerminal(report, { colour });
  }
}

/** A runs directory is made with its first run: of those of a server it may have none. */
async function ownPage(runsDir: string): Promise<string> {
  try {
    await makeDirectory(runsDir);
  } catch (error) {
    throw toRunnerError(error, runsDir);
  }
  return join(runsDir, PAGE);
}

function checkFailed({ expression, values }: Check): RunnerError {
  const found = Object.entries(values).map(([name, value]) => `${name} is ${value}`);
  const given = found.length === 0 ? '' : `: ${found.join(', ')}`;
  return new RunnerError('check-failed', `--fail-if ${JSON.stringify(expression)} holds${given}.`);
}
