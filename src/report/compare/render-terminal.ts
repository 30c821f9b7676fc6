import { BOLD, GREEN, painter, RED } from '../colours.js';
import type { Paint } from '../colours.js';
import { foldTable } from '../fold-table.js';
import { table } from '../format.js';
import { printable } from '../printable.js';
import { hang, wrap } from '../wrap.js';
import type { Side } from './comparison.js';
import { FIGURE_NAMES, figure } from './figures.js';
import type { Report } from './report.js';
import { contrastRows, describeWeights, phaseRows, recallRows, sameClasses, sameQuality } from './rows.js';
import type { Mark } from './rows.js';
import { shownPart } from './shown-part.js';
import { drawWaterfall } from './waterfall.js';

const WIDTH = 80;
/** Columns: of less nothing can be read. */
const LEAST_BARS = 16;
const COLOURS: Readonly<Record<NonNullable<Mark>, number>> = { better: GREEN, worse: RED };

/** For a terminal of 80 columns: the answer first, then what it rests on. */
export function renderTerminal(whole: Report, { colour }: { readonly colour: boolean }): string {
  const paint = painter(colour);
  const { report, names, notes } = shownPart(whole);
  const quality = sameQuality(whole);
  return [
    paint(wrap(printable(`${names}: ${report.title}`), WIDTH), BOLD),
    report.verdicts.map(({ sentences }) => wrap(printable(sentences.join(' ')), WIDTH)).join('\n\n'),
    [
      paint(
        hang('weights', printable(describeWeights(report)), WIDTH),
        report.weights.same === false ? RED : undefined,
      ),
      ...(quality === undefined ? [] : [hang('quality', `the same: ${quality}`, WIDTH)]),
      ...runLines(report.sides),
    ].join('\n'),
    ...contrastTables(report, quality !== undefined, paint),
    ...(sameClasses(report) ? [] : fold(recallRows(report)).map((block) => heading(block, paint))),
    ...renderPhases(report).map((block) => heading(block, paint)),
    notes.map((note) => hang('note', printable(note), WIDTH)).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const MOST_RUNS_NAMED = 3;

/** A line a side: which runs it has, or from which to which. */
function runLines(sides: readonly Side[]): string[] {
  const widest = Math.max(...sides.map(({ name }) => name.length));
  return sides.map(({ name, runs }, index) => {
    const ids = runs.map(({ runId }) => runId);
    const which = ids.length > MOST_RUNS_NAMED ? `${ids[0]} to ${ids.at(-1)}` : ids.join(', ');
    return hang(index === 0 ? 'runs' : '', `${name.padEnd(widest)}  ${which}`, WIDTH);
  });
}

function heading(text: string, paint: Paint): string {
  const [first = '', ...others] = text.split('\n');
  return [paint(first, BOLD), ...others].join('\n');
}

function contrastTables(report: Report, qualityTold: boolean, paint: Paint): string[] {
  const names = FIGURE_NAMES.filter((name) => !qualityTold || figure(name).group !== 'quality');
  return report.contrasts.map((contrast) => {
    const { header, rows, marks } = contrastRows(report, contrast, names);
    const lines = fitting([header, ...rows]).split('\n');
    return lines
      .map((line, index) => {
        const mark = index === 0 ? undefined : marks[index - 1];
        return paint(line, index === 0 ? BOLD : mark === undefined ? undefined : COLOURS[mark]);
      })
      .join('\n');
  });
}

/** With one space between the columns where two are too many. */
function fitting(rows: readonly (readonly string[])[]): string {
  const text = table(rows, { numeric: true });
  return widthOf(text) <= WIDTH ? text : table(rows, { numeric: true, gap: 1 });
}

const fold = (rows: readonly (readonly string[])[]): string[] =>
  foldTable(
    rows.map((row) => row.map(printable)),
    WIDTH,
  );

const widthOf = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

/** With the last side, the most isolated one, as bars, where they have room beside the figures. */
function renderPhases(report: Report): string[] {
  const rows = phaseRows(report);
  const blocks = fold(rows);
  const [block = '', ...others] = blocks;
  const last = report.sides.at(-1);
  const widest = widthOf(block);
  const room = WIDTH - widest - 2;
  if (last === undefined || others.length > 0 || room < LEAST_BARS) return blocks;
  const phases = rows.slice(1).map(([name = '']) => ({ name, seconds: last.phaseSeconds[name] }));
  const title = `${last.name}, training cut short`;
  const bars = [title.length <= room ? title : last.name, ...drawWaterfall(phases, room)];
  const lines = block
    .split('\n')
    .map((line, index) => `${line.padEnd(widest)}  ${bars[index] ?? ''}`.trimEnd());
  return [lines.join('\n')];
}
