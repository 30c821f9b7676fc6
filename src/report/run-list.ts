import type { RunOutcome } from '../contract/run-outcome.js';
import type { RunSpec } from '../contract/run-spec.js';
import { formatDuration, formatShare, table } from './format.js';

export interface ListedRun {
  readonly runId: string;
  readonly state: string;
  /** Absent where the run cannot be read; `problem` then says why. */
  readonly spec?: RunSpec;
  readonly outcome?: RunOutcome | null;
  readonly problem?: string;
}

/** One line a run. */
export function renderRunList(runs: readonly ListedRun[]): string {
  return table([
    ['RUN', 'STATE', 'JOB', 'MODE', 'EPOCHS', 'TEST ACC', 'TIME'],
    ...runs.map(({ runId, state, spec, outcome, problem }) =>
      spec === undefined
        ? [runId, state, problem ?? '']
        : [
            runId,
            state,
            spec.job,
            spec.mode,
            `${outcome?.training.epochsCompleted ?? '–'}/${spec.hyperparameters.epochs}`,
            formatShare(outcome?.training.testAccuracy),
            formatDuration(outcome?.resources.wallMs),
          ],
    ),
  ]);
}
