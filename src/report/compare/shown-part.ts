/** As much of a report as a person can read: of runs of one mode each is a side, and there may be hundreds. */
import type { Side } from './comparison.js';
import type { Report } from './report.js';
import { count } from './title.js';

/** More sides than that are told apart by nobody, in lines or in tables. */
export const MOST_SIDES = 6;

export interface ShownPart {
  /** With as many sides as can be shown; the first, the baseline, is among them. */
  readonly report: Report;
  /** `inprocess (5 runs), docker (5 runs)`, with a word of how many others there are. */
  readonly names: string;
  /** What to know, with a word of those. */
  readonly notes: readonly string[];
}

export function shownPart(report: Report): ShownPart {
  const left = report.sides.length - MOST_SIDES;
  if (left <= 0) return { report, names: namesOf(report.sides), notes: report.notes };
  const sides = report.sides.slice(0, MOST_SIDES);
  const names = new Set(sides.map(({ name }) => name));
  const isShown = ({ side }: { readonly side: string }): boolean => names.has(side);
  const which = left === 1 ? '1 further side is' : `${left} further sides are`;
  return {
    report: {
      ...report,
      sides,
      contrasts: report.contrasts.filter(isShown),
      verdicts: report.verdicts.filter(isShown),
    },
    names: `${namesOf(sides)} and ${count(left, 'further side')}`,
    notes: [`${which} left out here; --format json has all.`, ...report.notes],
  };
}

const namesOf = (sides: readonly Side[]): string =>
  sides.map(({ name, runs }) => `${name} (${count(runs.length, 'run')})`).join(', ');
