/** What the page shows beside the report: it lies in the directories of single runs, and the terminal has no room for it. */
import type { RunCurves } from '../curves/run-curves.js';
import type { Disagreement } from '../disagreement.js';
import type { Report } from '../report.js';

/** The run that stands for its side where one has to. */
export interface SideCourse {
  readonly side: string;
  readonly runId: string;
  readonly curves: RunCurves;
}

export interface SideMatrix {
  readonly side: string;
  readonly runId: string;
  readonly classNames: readonly string[];
  /** Rows are the true classes, columns the predicted ones; square. */
  readonly matrix: readonly (readonly number[])[];
}

export interface ReportPage {
  readonly report: Report;
  readonly courses: readonly SideCourse[];
  readonly matrices: readonly SideMatrix[];
  /** Null where fewer than two sides have written down what they take each image for. */
  readonly disagreement: Disagreement | null;
  /** What of these could not be had, and why, as sentences. */
  readonly remarks: readonly string[];
}

/** Sides that are drawn: more lines than that are told apart by nobody. */
export const MOST_SIDES = 6;

/** The report with as many sides as a page can show; the first, the baseline, is among them. */
export function shownPart(report: Report): Report {
  if (report.sides.length <= MOST_SIDES) return report;
  const sides = report.sides.slice(0, MOST_SIDES);
  const names = new Set(sides.map(({ name }) => name));
  const isShown = ({ side }: { readonly side: string }): boolean => names.has(side);
  return {
    ...report,
    sides,
    contrasts: report.contrasts.filter(isShown),
    verdicts: report.verdicts.filter(isShown),
  };
}
