import { formatShare } from '../format.js';
import { markdownTable } from '../markdown-table.js';
import { markdownText as text } from '../markdown-text.js';
import type { ClassFigures } from './run-evaluation.js';
import type { Report } from './report.js';
import { contrastRows, describeWeights, phaseRows, sameClasses, sameQuality } from './rows.js';
import { shownPart } from './shown-part.js';
import { count } from './title.js';

/** GitHub's Markdown, for the summary page of a CI job or a pull request. */
export function renderMarkdown(whole: Report): string {
  const { report, notes } = shownPart(whole);
  const { sides, contrasts } = report;
  const quality = sameQuality(whole);
  return [
    `## ${sides.map(({ name }) => text(name)).join(', ')}`,
    text(report.title),
    report.verdicts.map(({ sentences }) => sentences.map(text).join(' ')).join('\n\n'),
    [
      `- **Weights**: ${text(describeWeights(report))}`,
      ...(quality === undefined ? [] : [`- **Quality**: the same: ${text(quality)}`]),
    ].join('\n'),
    ...contrasts.map((contrast) => {
      const { header, rows } = contrastRows(report, contrast);
      return `### ${text(contrast.side)} against ${text(contrast.against)}\n\n${cells([header.map(lower), ...rows])}`;
    }),
    `### Time by phase\n\n${cells(phaseRows(report).map((row, index) => (index === 0 ? ['phase', ...row.slice(1)] : row)))}`,
    ...classTable(report),
    `### Runs\n\n${cells([
      ['side', 'runs'],
      ...sides.map(({ name, runs }) => [
        name,
        `${count(runs.length, 'run')}: ${runs.map(({ runId }) => runId).join(', ')}`,
      ]),
    ])}`,
    ...(notes.length === 0 ? [] : [`### To know\n\n${notes.map((note) => `- ${text(note)}`).join('\n')}`]),
  ].join('\n\n');
}

const lower = (heading: string): string =>
  heading === heading.toUpperCase() ? heading.toLowerCase() : heading;

/** Precision, recall and F1 by class, of the newest run of each side. */
function classTable(report: Report): string[] {
  const newest = report.sides.map(({ name, runs }) => ({ name, classes: runs.at(-1)?.perClass ?? [] }));
  const columns = sameClasses(report)
    ? newest.slice(0, 1).map(({ classes }) => ({ name: 'every run', classes }))
    : newest;
  const names = [...new Set(columns.flatMap(({ classes }) => classes.map(({ className }) => className)))];
  if (names.length === 0) return [];
  const rows = names.map((name) => {
    const found = columns.map(({ classes }) => classes.find(({ className }) => className === name));
    return [name, String(found[0]?.support ?? '–'), ...found.map(describeClass)];
  });
  const header = ['class', 'images', ...columns.map(({ name }) => `${name}: precision, recall, F1`)];
  return [`### By class\n\n${cells([header, ...rows])}`];
}

const describeClass = (figures: ClassFigures | undefined): string =>
  figures === undefined
    ? '–'
    : [figures.precision, figures.recall, figures.f1].map((share) => formatShare(share)).join(', ');

const cells = (rows: readonly (readonly string[])[]): string =>
  markdownTable(rows.map((row) => row.map(text)));
