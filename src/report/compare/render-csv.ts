import { FIGURE_NAMES, figure } from './figures.js';
import type { Report } from './report.js';

const HEADER = [
  ...['side', 'figure', 'unit', 'runs', 'median', 'lowest', 'highest'],
  ...['against', 'difference', 'ratio', 'ratio_low', 'ratio_high', 'more_than_noise'],
];

type Cell = string | number | boolean | null | undefined;

/**
 * One row a side and figure, then one a side and phase: values in the units of the figures, not rounded. RFC 4180, but
 * for the line ends, which are those of the system that reads it.
 */
export function renderCsv({ sides, contrasts }: Report): string {
  const rows = sides.flatMap(({ name, runs, figures, phaseSeconds }) => {
    const contrast = contrasts.find(({ side }) => side === name);
    const ofFigures = FIGURE_NAMES.flatMap((key): Cell[][] => {
      const spread = figures[key];
      if (spread === undefined) return [];
      const against = contrast?.figures[key];
      const compared =
        against === undefined
          ? []
          : [
              ...[contrast?.against, against.difference, against.ratio],
              ...[against.interval?.low, against.interval?.high, against.moreThanNoise],
            ];
      const values = [spread.median, spread.lowest, spread.highest];
      return [[name, key, figure(key).unit, runs.length, ...values, ...compared]];
    });
    const ofPhases = Object.entries(phaseSeconds).map(([phase, seconds]): Cell[] => [
      ...[name, `phaseSeconds.${phase}`, 's', runs.length, seconds],
    ]);
    return [...ofFigures, ...ofPhases];
  });
  return [HEADER, ...rows].map((row) => HEADER.map((_, column) => cell(row[column])).join(',')).join('\n');
}

function cell(value: Cell): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
