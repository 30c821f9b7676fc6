/** What the names of `--fail-if` stand for. */
import { didYouMean } from '../../../common/nearest.js';
import { RunnerError } from '../../../contract/errors.js';
import { SIDE_NAMES } from '../choose-sides.js';
import { FIGURE_NAMES } from '../figures.js';
import type { FigureName } from '../figures.js';
import { sideOf } from '../comparison.js';
import type { Comparison } from '../comparison.js';
import type { NameType } from './parse.js';

/** What may follow a figure: what it is against the baseline. */
export const CONTRAST_NAMES = ['ratio', 'ratioLow', 'ratioHigh'] as const;
/** Whether every run ended with the same weights, to the bit. */
export const SAME_WEIGHTS = 'sameWeights';
export const PHASES = 'phaseSeconds';

const SIDE = new RegExp(`^(?:${SIDE_NAMES.join('|')}|run[1-9]\\d*|[a-h])$`);

const isFigure = (name: string | undefined): name is FigureName =>
  (FIGURE_NAMES as readonly (string | undefined)[]).includes(name);

/** Which names there can be, whatever runs there are. */
export const typeOfName: NameType = (name) => {
  if (name === SAME_WEIGHTS) return 'condition';
  const [side = '', member, detail, ...others] = name.split('.');
  const last = [...FIGURE_NAMES, PHASES];
  if (!SIDE.test(side)) {
    const near = didYouMean(name, [
      SAME_WEIGHTS,
      ...SIDE_NAMES.flatMap((known) => last.map((figure) => `${known}.${figure}`)),
    ]);
    return unknown(name, near || didYouMean(side, SIDE_NAMES));
  }
  if (member === PHASES && detail !== undefined && others.length === 0) return 'number';
  if (!isFigure(member)) {
    const near = didYouMean(member ?? '', last);
    return unknown(name, near === '' ? '' : near.replace('mean ', `mean ${side}.`));
  }
  if (others.length > 0) return unknown(name, '');
  if (detail === undefined || (CONTRAST_NAMES as readonly string[]).includes(detail)) return 'number';
  return unknown(name, didYouMean(detail, CONTRAST_NAMES));
};

const unknown = (name: string, near: string) => ({
  unknown: `there is no name ${JSON.stringify(name)}${near.replace(/\?$/, '')}`,
  hint: `Names are ${SAME_WEIGHTS}, SIDE.FIGURE, SIDE.FIGURE.${CONTRAST_NAMES.join('|')} and SIDE.${PHASES}.PHASE; sides are ${SIDE_NAMES.join(', ')}, or run1, run2, … of one mode (a, b, … in a bench); figures are ${FIGURE_NAMES.join(', ')}.`,
});

/**
 * What a name stands for in a comparison.
 * @throws RunnerError `usage` if the runs have no such figure: a check of what is not there must not pass
 */
export function valueOfName(comparison: Comparison, name: string): number | boolean {
  if (name === SAME_WEIGHTS) {
    const { same } = comparison.weights;
    return same ?? fail(name, 'a run has no weights');
  }
  const [sideName = '', member, detail] = name.split('.');
  const side = sideOf(comparison, sideName);
  if (side === undefined) {
    return fail(name, `the sides compared are ${comparison.sides.map((known) => known.name).join(' and ')}`);
  }
  if (member === PHASES) {
    // Own members only: a phase may be asked for by any word.
    const seconds = Object.entries(side.phaseSeconds).find(([phase]) => phase === detail)?.[1];
    return seconds ?? fail(name, `its phases are ${Object.keys(side.phaseSeconds).join(', ')}`);
  }
  if (!isFigure(member)) return fail(name, 'there is no such figure');
  const value =
    detail === undefined
      ? side.figures[member]?.median
      : valueOfContrast(comparison, sideName, member, detail);
  if (value === undefined) {
    const isBound = detail !== undefined && detail !== 'ratio' && side.figures[member] !== undefined;
    return fail(name, isBound ? 'an interval needs three runs a side' : 'the runs have no such figure');
  }
  return Number.isFinite(value) ? value : fail(name, `it is ${value}`);
}

function valueOfContrast(
  { contrasts, baseline }: Comparison,
  side: string,
  member: FigureName,
  detail: string,
): number | undefined {
  if (side === baseline) return 1;
  const contrast = contrasts.find((known) => known.side === side)?.figures[member];
  if (contrast === undefined) return undefined;
  if (detail === 'ratio') return contrast.ratio ?? undefined;
  return detail === 'ratioLow' ? contrast.interval?.low : contrast.interval?.high;
}

function fail(name: string, why: string): never {
  throw new RunnerError('usage', `--fail-if: ${name} has no value here: ${why}.`, {
    hint: 'Compare runs that have it, or leave it out of the expression.',
  });
}
