import type { RunOutcome } from '../contract/run-outcome.js';
import type { RunSpec } from '../contract/run-spec.js';
import { formatDuration, formatShare, table } from './format.js';
import { printable } from './printable.js';
import type { TestFigures } from './terminal.js';

export interface RunListRow {
  readonly runId: string;
  readonly state: string;
  /** Absent where the run cannot be read; `problem` then says why. */
  readonly spec?: RunSpec;
  readonly outcome?: RunOutcome | null;
  readonly evaluation?: TestFigures | null;
  readonly problem?: string;
}

/** One line a run. */
export function renderRunList(runs: readonly RunListRow[]): string {
  return table([
    ['RUN', 'STATE', 'JOB', 'MODE', 'EPOCHS', 'TEST ACC', 'TIME'],
    ...runs.map(({ runId, state, spec, outcome, evaluation, problem }) =>
      spec === undefined
        ? [runId, state, printable(problem ?? '')]
        : [
            runId,
            state,
            printable(spec.job),
            spec.mode,
            `${outcome?.training.epochsCompleted ?? '–'}/${spec.hyperparameters.epochs}`,
            formatShare(evaluation?.testAccuracy ?? outcome?.training.testAccuracy),
            formatDuration(outcome?.resources.wallMs),
          ],
    ),
  ]);
}
