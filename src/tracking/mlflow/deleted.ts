/** What was deleted on the server meanwhile: it has no error code of its own for that, only words. */
import { RunnerError } from '../../contract/errors.js';
import type { Api } from './api.js';
import { TrackingFailure } from './failure.js';

/**
 * Runs a call that writes to a run.
 * @throws RunnerError `run-deleted` where the server refuses for that
 */
export async function nameDeletedRun<T>(api: Api, runId: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const where = `Run ${runId} on ${api.access.baseUrl}`;
    if (isDeleted(error, 'run')) {
      throw new RunnerError('run-deleted', `${where} is deleted.`, { cause: error });
    }
    if (!(error instanceof TrackingFailure) || error.serverCode !== 'RESOURCE_DOES_NOT_EXIST') throw error;
    throw new RunnerError('run-deleted', `${where} is gone for good.`, {
      cause: error,
      hint: 'Record it anew with `runner log RUN --again`.',
    });
  }
}

/**
 * Runs a call that makes something in an experiment.
 * @throws RunnerError `experiment-deleted` where the server refuses for that
 */
export async function nameDeletedExperiment<T>(api: Api, id: string, create: () => Promise<T>): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (!isDeleted(error, 'experiment')) throw error;
    throw new RunnerError('experiment-deleted', `Experiment ${id} on ${api.access.baseUrl} is deleted.`, {
      cause: error,
    });
  }
}

const isDeleted = (error: unknown, kind: 'run' | 'experiment'): boolean =>
  error instanceof TrackingFailure &&
  error.serverCode === 'INVALID_PARAMETER_VALUE' &&
  new RegExp(`\\b${kind} \\S+ must be in the 'active' (state|lifecycle_stage)`, 'i').test(error.message);
