/** Why we ended a trainer ourselves, which counts more than all that it shows. */
import { timedOut } from '../common/abort-cause.js';
import { RunnerError } from '../contract/errors.js';
import type { TrainerEnd } from './classify.js';
import { floodEnd } from './log-budget.js';

export const STOP_CAUSES = ['cancel', 'timeout', 'log-flood'] as const;
export type StopCause = (typeof STOP_CAUSES)[number];

export function stopped(cause: StopCause, timeoutMs: number | undefined): NonNullable<TrainerEnd['stopped']> {
  switch (cause) {
    case 'cancel':
      return { status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' };
    case 'timeout':
      return timedOut(
        new RunnerError('timeout', `The run took longer than its limit of ${(timeoutMs ?? 0) / 1000} s.`),
      );
    case 'log-flood':
      return floodEnd();
  }
}
