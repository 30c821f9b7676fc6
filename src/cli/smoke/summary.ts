/** What a smoke test has found, for a terminal, for the summary page of a CI job, and as a document. */
import { renderMarkdown } from '../../report/compare/render-markdown.js';
import type { Report } from '../../report/compare/report.js';
import { count } from '../../report/compare/title.js';
import { formatDuration } from '../../report/format.js';
import { markdownTable } from '../../report/markdown-table.js';
import { markdownText as text } from '../../report/markdown-text.js';
import { printable } from '../../report/printable.js';
import type { SmokeCheck } from './checks.js';
import type { SmokeResult } from './run-smoke.js';

const WORDS = { ok: 'ok', failed: 'failed', 'left-out': 'left out' } as const;
/** Of the longest word, and of the longest name. */
const WIDTHS = { state: 'left out'.length, name: 'temporary files'.length } as const;

const inFull = (check: Pick<SmokeCheck, 'text' | 'hint'>): string =>
  check.hint === null ? check.text : `${check.text} ${check.hint}`;

/** One line. */
export function checkLine(check: SmokeCheck): string {
  const columns = [WORDS[check.state].padEnd(WIDTHS.state), check.name.padEnd(WIDTHS.name), inFull(check)];
  return printable(columns.join('  ').replaceAll(/\s*\n\s*/g, ' '));
}

export const failures = (checks: readonly SmokeCheck[]): readonly SmokeCheck[] =>
  checks.filter(({ state }) => state === 'failed');

/** `9 checks in 21.3 s, 1 left out` */
export function describeChecks(checks: readonly SmokeCheck[], elapsedMs: number): string {
  const out = checks.filter(({ state }) => state === 'left-out').length;
  const made = `${count(checks.length - out, 'check')} in ${formatDuration(elapsedMs)}`;
  return out === 0 ? made : `${made}, ${out} left out`;
}

/** GitHub's Markdown: the answer, the checks, and the comparison where there is one. */
export function renderSummary({
  checks,
  report,
  elapsedMs,
}: {
  readonly checks: readonly SmokeCheck[];
  readonly report: Report | null;
  readonly elapsedMs: number;
}): string {
  const passed = failures(checks).length === 0;
  return [
    `## Smoke test: ${passed ? 'passed' : 'failed'}`,
    `${describeChecks(checks, elapsedMs)}.`,
    markdownTable([
      ['check', 'result', 'what was found'],
      ...checks.map((check) => [
        text(check.name),
        check.state === 'failed' ? '**failed**' : WORDS[check.state],
        text(inFull(check)),
      ]),
    ]),
    ...(report === null ? [] : [renderMarkdown(report)]),
  ].join('\n\n');
}

/** What `--json` prints, but for what is known only to the command. */
export const documentOf = ({ checks, runs, report }: SmokeResult) => ({
  passed: failures(checks).length === 0,
  checks,
  runs: runs.map(({ side, runId, run }) => ({
    ...{ side, runId: runId ?? null, status: run?.outcome.status ?? null },
    weightsDigest: run?.outcome.training.weightsDigest ?? null,
  })),
  report,
});
