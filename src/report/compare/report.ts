/** All that a report says: figures, the verdict in words, and what to know before believing them. */
import { toSides } from './choose-sides.js';
import type { ChooseSides } from './choose-sides.js';
import { compareSides } from './comparison.js';
import type { Comparison } from './comparison.js';
import { notesOf } from './notes.js';
import type { ComparedRun } from './run-figures.js';
import { titleOf } from './title.js';
import { verdictsOf } from './verdict.js';
import type { Verdict } from './verdict.js';

export interface Report extends Comparison {
  readonly verdicts: readonly Verdict[];
  readonly notes: readonly string[];
}

/**
 * @param options with `force` what is not of one spec, or has not succeeded, is compared, too; the report then says what differs
 * @throws RunnerError `not-comparable`
 */
export function createReport(runs: readonly ComparedRun[], options: ChooseSides): Report {
  const { sides, differences } = toSides(runs, options);
  const [first] = runs;
  if (first === undefined) throw new Error('a report without runs');
  const comparison = compareSides(sides, { title: titleOf(first.spec), differences });
  return { ...comparison, verdicts: verdictsOf(comparison), notes: notesOf(comparison, runs) };
}
