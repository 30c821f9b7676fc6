import { FIGURE_NAMES } from '../../figures.js';
import type { FigureName } from '../../figures.js';
import { formatFigure, formatInterval, formatTicks, labelOf } from '../../quantities.js';
import type { Report } from '../../report.js';
import { chartFigure } from '../chart-figure.js';
import { drawStrips } from '../charts/strip-chart.js';
import type { Strip } from '../charts/strip-chart.js';
import { lookOf, sideKey } from '../look.js';
import { html } from '../markup.js';
import type { Markup } from '../markup.js';
import { thinned } from '../table.js';

/** Dots of a side; of more runs these are drawn, evenly taken of them all. */
const MOST_DOTS = 40;
/** Values that a cell lists. */
const MOST_VALUES = 20;

/** How far the repeats of each figure lie apart. */
export function repeatsSection(report: Report): Markup {
  const { sides } = report;
  const repeated = sides.some(({ runs }) => runs.length > 1);
  const figures = repeated ? FIGURE_NAMES.filter((name) => varies(report, name)) : [];
  const constant = repeated
    ? FIGURE_NAMES.filter((name) => !figures.includes(name) && sides.some((side) => side.figures[name]))
    : [];
  const crowded = sides.some(({ runs }) => runs.length > MOST_DOTS);
  const content = !repeated
    ? html`<p>
        There are no repeats: each side is a single run. <code>runner bench</code> and further runs of the
        same spec give them.
      </p>`
    : html`<p class="aside">
          Each mark is a run, the oldest of a row on top and the newest at the bottom; the stroke is the
          median. The bar is the 95 % interval of the ratio, times the baseline’s
          median.${crowded ? ` ${MOST_DOTS} runs of a side are drawn, evenly taken of them all; median and interval are of all.` : ''}
        </p>
        ${sideKey(sides.map(({ name }) => name))}
        <div class="charts">${figures.map((name) => repeatsFigure(report, name))}</div>
        ${constant.length === 0 ? null : html`<p class="aside">The same in every run: ${constant.map(labelOf).join('; ')}.</p>`}`;
  return html`<section id="repeats" aria-labelledby="repeats-title">
    <h2 id="repeats-title">Repeats</h2>
    ${content}
  </section>`;
}

/** NaN counts as a value of its own. */
function varies({ sides }: Report, name: FigureName): boolean {
  const values = sides.flatMap(({ runs }) => runs.map(({ figures }) => figures[name]));
  const known = values.filter((value) => value !== null);
  return new Set(known).size > 1 && known.some((value) => Number.isFinite(value));
}

function repeatsFigure({ sides, contrasts, baseline }: Report, name: FigureName): Markup {
  const base = sides.find((side) => side.name === baseline)?.figures[name]?.median;
  const strips = sides.flatMap((side) => {
    const spread = side.figures[name];
    if (spread === undefined) return [];
    const values = side.runs.flatMap(({ figures }) => figures[name] ?? []);
    const ratio = contrasts.find((contrast) => contrast.side === side.name)?.figures[name]?.interval ?? null;
    const interval =
      ratio === null || base === undefined ? null : { low: ratio.low * base, high: ratio.high * base };
    const strip: Strip = {
      ...{ name: side.name, look: lookOf(side.name), median: spread.median, interval },
      values: thinned(values, MOST_DOTS),
    };
    return [{ side: side.name, values, spread, strip, ratio }];
  });
  const format = (value: number): string => formatFigure(name, value);
  const label = labelOf(name);
  return chartFigure({
    title: label,
    summary: strips
      .map(
        ({ side, values, spread }) =>
          `${side} ${values.length} runs from ${format(spread.lowest)} to ${format(spread.highest)}, median ${format(spread.median)}`,
      )
      .join('; '),
    drawing: drawStrips({
      ...{
        id: `repeats-${name}`,
        strips: strips.map(({ strip }) => strip),
        formatTicks: (span) => formatTicks(name, span),
      },
    }),
    data: {
      header: ['Side', 'Runs', 'Lowest', 'Median', 'Highest', '95 % of ratio', 'Each run, in order'],
      rows: strips.map(({ side, values, spread, ratio }) => [
        side,
        ...[values.length, format(spread.lowest), format(spread.median), format(spread.highest)],
        ratio === null ? '–' : formatInterval(ratio),
        values.length > MOST_VALUES
          ? `${values.length} runs: --format json has them`
          : values.map(format).join('; '),
      ]),
    },
  });
}
