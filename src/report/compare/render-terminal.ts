import { table } from '../format.js';
import { printable } from '../printable.js';
import { wrap } from '../wrap.js';
import type { Side } from './comparison.js';
import { FIGURE_NAMES, figure } from './figures.js';
import type { Report } from './report.js';
import { contrastRows, describeWeights, phaseRows, recallRows, sameClasses, sameQuality } from './rows.js';
import type { Mark } from './rows.js';
import { count } from './title.js';
import { drawWaterfall } from './waterfall.js';

const WIDTH = 80;
const BOLD = 1;
const RED = 31;
const GREEN = 32;
const COLOURS: Readonly<Record<NonNullable<Mark>, number>> = { better: GREEN, worse: RED };

/** For a terminal of 80 columns: the answer first, then what it rests on. */
export function renderTerminal(report: Report, { colour }: { readonly colour: boolean }): string {
  const paint = (text: string, code: number | undefined): string =>
    colour && code !== undefined ? `\u001B[${code}m${text}\u001B[0m` : text;
  const quality = sameQuality(report);
  return [
    paint(wrap(printable(`${report.sides.map(describeSide).join(', ')}: ${report.title}`), WIDTH), BOLD),
    report.verdicts.map(({ sentences }) => wrap(printable(sentences.join(' ')), WIDTH)).join('\n\n'),
    [
      paint(hang('weights', describeWeights(report)), report.weights.same === false ? RED : undefined),
      ...(quality === undefined ? [] : [hang('quality', `the same: ${quality}`)]),
    ].join('\n'),
    ...contrastTables(report, quality !== undefined, paint),
    ...(sameClasses(report)
      ? []
      : [
          heading(
            table(
              recallRows(report).map((row) => row.map(printable)),
              { numeric: true },
            ),
            paint,
          ),
        ]),
    heading(renderPhases(report), paint),
    report.notes.map((note) => hang('note', printable(note))).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

type Paint = (text: string, code: number | undefined) => string;

const describeSide = ({ name, runs }: Side): string => `${name} (${count(runs.length, 'run')})`;

/** `name     text`, further lines under the text. */
const hang = (name: string, text: string): string => {
  const indent = ' '.repeat(9);
  return `${name.padEnd(indent.length)}${wrap(text, WIDTH - indent.length).replaceAll('\n', `\n${indent}`)}`;
};

function heading(text: string, paint: Paint): string {
  const [first = '', ...others] = text.split('\n');
  return [paint(first, BOLD), ...others].join('\n');
}

function contrastTables(report: Report, qualityTold: boolean, paint: Paint): string[] {
  const names = FIGURE_NAMES.filter((name) => !qualityTold || figure(name).group !== 'quality');
  return report.contrasts.map((contrast) => {
    const { header, rows, marks } = contrastRows(report, contrast, names);
    const lines = table([header, ...rows], { numeric: true }).split('\n');
    return lines
      .map((line, index) => {
        const mark = index === 0 ? undefined : marks[index - 1];
        return paint(line, index === 0 ? BOLD : mark === undefined ? undefined : COLOURS[mark]);
      })
      .join('\n');
  });
}

/** With the last side, the most isolated one, as bars. */
function renderPhases(report: Report): string {
  const last = report.sides.at(-1);
  if (last === undefined) return '';
  const rows = phaseRows(report);
  const lines = table(
    rows.map((row) => row.map(printable)),
    { numeric: true },
  ).split('\n');
  const widest = Math.max(...lines.map((line) => line.length));
  const phases = rows.slice(1).map(([name = '']) => ({ name, seconds: last.phaseSeconds[name] }));
  const bars = [`${last.name}, training cut short`, ...drawWaterfall(phases, WIDTH - widest - 2)];
  return lines.map((line, index) => `${line.padEnd(widest)}  ${bars[index] ?? ''}`.trimEnd()).join('\n');
}
