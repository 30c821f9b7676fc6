/** The tables of a report as cells: what terminal and Markdown have in common. */
import { formatDuration, formatShare } from '../format.js';
import { sideOf } from './comparison.js';
import type { Contrast } from './comparison.js';
import { FIGURE_NAMES, figure } from './figures.js';
import type { FigureName } from './figures.js';
import {
  formatChange,
  formatFigure,
  formatInterval,
  formatRatio,
  formatWithUnit,
  labelOf,
} from './quantities.js';
import type { Report } from './report.js';

/** Better or worse than the baseline, beyond noise. */
export type Mark = 'better' | 'worse' | undefined;

export interface Rows {
  readonly header: readonly string[];
  /** Of each row. */
  readonly names: readonly FigureName[];
  readonly rows: readonly (readonly string[])[];
  /** Of each row. */
  readonly marks: readonly Mark[];
}

/** One side against the baseline, a row a figure. @param names the figures to show, as far as a side has them */
export function contrastRows(
  report: Report,
  { side, against, figures }: Contrast,
  names = FIGURE_NAMES,
): Rows {
  const [base, other] = [sideOf(report, against), sideOf(report, side)];
  const shown = names.filter(
    (name) => base?.figures[name] !== undefined || other?.figures[name] !== undefined,
  );
  const repeats = [base, other].some((one) => (one?.runs.length ?? 0) > 1);
  const withIntervals = shown.some((name) => figures[name]?.interval != null);
  return {
    header: [
      repeats ? 'MEDIANS' : 'FIGURES',
      against,
      side,
      'CHANGE',
      'RATIO',
      ...(withIntervals ? ['95 % OF RATIO', 'NOISE?'] : []),
    ],
    names: shown,
    rows: shown.map((name) => {
      const contrast = figures[name];
      const interval = contrast?.interval ?? null;
      return [
        labelOf(name),
        formatFigure(name, base?.figures[name]?.median),
        formatFigure(name, other?.figures[name]?.median),
        formatChange(name, contrast?.difference),
        formatRatio(contrast?.ratio),
        ...(withIntervals
          ? [interval === null ? '–' : formatInterval(interval), noiseWord(contrast?.moreThanNoise)]
          : []),
      ];
    }),
    marks: shown.map((name) => markOf(name, figures[name]?.difference, figures[name]?.moreThanNoise)),
  };
}

const noiseWord = (moreThanNoise: boolean | null | undefined): string =>
  moreThanNoise === null || moreThanNoise === undefined ? '–' : moreThanNoise ? 'more' : 'within';

function markOf(name: FigureName, difference = 0, moreThanNoise: boolean | null = null): Mark {
  if (moreThanNoise !== true) return undefined;
  return difference > 0 === (figure(name).better === 'higher') ? 'better' : 'worse';
}

/** Figures of quality, where they are the same in every run; undefined where one differs. */
export function sameQuality(report: Report): string | undefined {
  const runs = report.sides.flatMap((side) => side.runs);
  const [first, ...others] = runs;
  if (first === undefined) return undefined;
  const names = FIGURE_NAMES.filter((name) => figure(name).group === 'quality');
  const same =
    others.every((run) => names.every((name) => Object.is(run.figures[name], first.figures[name]))) &&
    sameClasses(report);
  if (!same) return undefined;
  const { testLoss, testAccuracy, valLoss, valAccuracy } = first.figures;
  const tested = testLoss !== null;
  const figures = [
    ...(tested || valLoss !== null
      ? [`loss ${formatWithUnit('loss', (tested ? testLoss : valLoss) ?? NaN)}`]
      : []),
    `accuracy ${formatShare(tested ? testAccuracy : valAccuracy)}`,
  ];
  const where = tested ? 'on the test images' : 'on the validation images';
  const classes = first.perClass.length > 0 ? `, and in each of ${first.perClass.length} classes` : '';
  return `${figures.join(', ')} ${where}${classes}`;
}

/** Whether every run does as well in every class. */
export function sameClasses({ sides }: Report): boolean {
  const [first, ...others] = sides.flatMap(({ runs }) =>
    runs.map(({ perClass }) => JSON.stringify(perClass)),
  );
  return others.every((classes) => classes === first);
}

/** Recall by class, of the newest run of each side; a row a class. */
export function recallRows({ sides }: Report): readonly (readonly string[])[] {
  const newest = sides.map(({ runs }) => runs.at(-1)?.perClass ?? []);
  const names = [...new Set(newest.flatMap((classes) => classes.map(({ className }) => className)))];
  return [
    ['RECALL, %', ...sides.map(({ name }) => name)],
    ...names.map((name) => [
      name,
      ...newest.map((classes) => formatShare(classes.find(({ className }) => className === name)?.recall)),
    ]),
  ];
}

/** Medians by phase; a row a phase, `rest` last. */
export const phaseRows = ({ phases, sides }: Report): readonly (readonly string[])[] => [
  ['TIME BY PHASE', ...sides.map(({ name }) => name)],
  ...[...phases.filter((phase) => phase !== 'rest'), 'rest'].map((phase) => [
    phase,
    ...sides.map(({ phaseSeconds }) => {
      const seconds = phaseSeconds[phase];
      return seconds === undefined ? '–' : formatDuration(1000 * seconds);
    }),
  ]),
];

/** Why the weights are what they are. */
export function describeWeights({ weights: { same, digests } }: Report): string {
  const [first = ''] = digests;
  if (same === true) return `the same in every run, to the bit (${first.slice(0, 19)})`;
  if (same === null) return 'not known of every run';
  return `DIFFERENT: ${digests.map((digest) => digest.slice(0, 19)).join(', ')}`;
}
