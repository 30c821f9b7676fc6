import { RunnerError } from '../../../src/contract/errors.js';
import { patiently as patientlyFor } from '../../../src/isolation/patience.js';
import { isConnectionLost } from '../connection/daemon-error.js';

/** As src/isolation has it, for a daemon. @param patienceMs for so long it may be away */
export const patiently = <T>(patienceMs: number, work: () => Promise<T>): Promise<T> =>
  patientlyFor({ patienceMs, isAway }, work);

/** Whether an error says no more than that the daemon did not answer. */
export const isAway = (error: unknown): boolean =>
  error instanceof RunnerError ? error.code === 'daemon-unreachable' : isConnectionLost(error);
