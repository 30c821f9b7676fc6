/** What was deleted on the server meanwhile: it has no error code of its own for that, only words. */
import { shellWord } from '../../common/shell-word.js';
import { RunnerError } from '../../contract/errors.js';
import type { Api } from './api.js';
import { TrackingFailure } from './failure.js';

const AGAIN = 'it anew with `runner log RUN --again`.';

/** @param there where it can be restored, if it can: its hint is then a command that may be pasted */
export function runDeleted(
  message: string,
  there?: { readonly uri: string; readonly runId: string },
  cause?: unknown,
): RunnerError {
  const hint =
    there === undefined
      ? `Record ${AGAIN}`
      : `Restore it (\`${mlflowAt(there.uri)} runs restore --run-id ${there.runId}\`), or record ${AGAIN}`;
  return new RunnerError('run-deleted', message, { cause, hint });
}

/** @param or what else may be done about it */
export function experimentDeleted(
  message: string,
  { uri, experimentId }: { readonly uri: string; readonly experimentId: string },
  or = 'give another with --experiment',
  cause?: unknown,
): RunnerError {
  const hint = `Restore it (\`${mlflowAt(uri)} experiments restore --experiment-id ${experimentId}\`), or ${or}.`;
  return new RunnerError('experiment-deleted', message, { cause, hint });
}

/** MLflow's own command takes the address from the environment alone. */
const mlflowAt = (uri: string): string => `MLFLOW_TRACKING_URI=${shellWord(uri)} mlflow`;

/**
 * Runs a call that writes to a run.
 * @throws RunnerError `run-deleted` where the server refuses for that
 */
export async function nameDeletedRun<T>(api: Api, runId: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const uri = api.access.baseUrl;
    const where = `Run ${runId} on ${uri}`;
    if (isDeleted(error, 'run')) throw runDeleted(`${where} is deleted.`, { uri, runId }, error);
    if (!(error instanceof TrackingFailure) || error.serverCode !== 'RESOURCE_DOES_NOT_EXIST') throw error;
    throw runDeleted(`${where} is gone for good.`, undefined, error);
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
    const uri = api.access.baseUrl;
    throw experimentDeleted(
      `Experiment ${id} on ${uri} is deleted.`,
      { uri, experimentId: id },
      undefined,
      error,
    );
  }
}

const isDeleted = (error: unknown, kind: 'run' | 'experiment'): boolean =>
  error instanceof TrackingFailure &&
  error.serverCode === 'INVALID_PARAMETER_VALUE' &&
  new RegExp(`\\b${kind} \\S+ must be in the 'active' (state|lifecycle_stage)`, 'i').test(error.message);
