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
