import { resolve } from 'node:path';
import { EXIT, RunnerError } from '../../contract/errors.js';
import { printable } from '../../report/printable.js';
import { writeReport } from '../comparison/write-report.js';
import type { CliContext } from '../context.js';
import { describeFailure } from '../output.js';
import { setupReporter, silentSetup } from '../progress/setup.js';
import { noteBeside } from '../note-beside.js';
import { listenForSignals } from '../signals.js';
import { askedSmoke } from '../smoke/ask.js';
import type { SmokeFlags } from '../smoke/ask.js';
import { runSmoke } from '../smoke/run-smoke.js';
import type { SmokeResult } from '../smoke/run-smoke.js';
import { checkLine, describeChecks, documentOf, failures, renderSummary } from '../smoke/summary.js';

/** `runner smoke`: whether every mode trains here, with the same bits, and leaves nothing behind. @returns the exit status */
export async function smoke(context: CliContext, flags: SmokeFlags): Promise<number> {
  const { io, output, signals, clock } = context;
  const since = clock.elapsed();
  const asked = await askedSmoke(context, flags);
  const silent = output.json || flags.quiet === true;
  const reporter = silent ? silentSetup : setupReporter(io.stderr, io.env);
  const note = noteBeside(reporter, output);
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => note('Ending the run that goes on, and clearing it away.'),
    onSecond: (status) => io.exit(status),
  });
  const result = await runSmoke(asked, {
    ...{ context, reporter, note, output: flags.output, signal: interruption.signal },
    onCheck: (check) => output.part(checkLine(check)),
  });
  const elapsedMs = clock.elapsed() - since;
  const summary = await writeSummary(context, flags, renderSummary({ ...result, elapsedMs }));
  return tell(context, result, { elapsedMs, summary, runsDir: asked.runsDir });
}

/** To the file that is named, else to the page that GitHub makes of a job. @returns its path; null for none */
async function writeSummary(
  { io }: CliContext,
  { summary }: SmokeFlags,
  markdown: string,
): Promise<string | null> {
  if (summary !== undefined) {
    const path = resolve(io.cwd, summary);
    await writeReport(path, `${markdown}\n`);
    return path;
  }
  const page = io.env.GITHUB_STEP_SUMMARY ?? '';
  if (page === '') return null;
  await writeReport(page, `${markdown}\n\n`, 'append');
  return page;
}

interface Told {
  readonly elapsedMs: number;
  readonly summary: string | null;
  readonly runsDir: string | null;
}

function tell({ output }: CliContext, result: SmokeResult, { elapsedMs, summary, runsDir }: Told): number {
  const failed = failures(result.checks);
  const error = failed.length === 0 ? undefined : failure(failed.map(({ name }) => name));
  const document = {
    ...documentOf(result),
    ...{ elapsedMs: Math.round(elapsedMs), runsDir, summary },
    ...(error === undefined ? {} : { error: describeFailure(error) }),
  };
  const end = `\nThe smoke test ${error === undefined ? 'passed' : 'failed'}: ${describeChecks(result.checks, elapsedMs)}.`;
  output.result(document, () => end);
  if (runsDir !== null) output.note(printable(`The runs are in ${runsDir}.`));
  if (error === undefined) return EXIT.succeeded;
  output.explain(error);
  return error.exitCode;
}

const failure = (names: readonly string[]): RunnerError =>
  new RunnerError('check-failed', `The smoke test failed: ${names.join(', ')}.`, {
    hint: 'The line of each check says what to do; --runs-dir keeps the runs.',
  });
