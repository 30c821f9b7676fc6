import { RunnerError } from '../contract/errors.js';
import { isErrno } from './errors.js';

/**
 * Loads a package that an installation may have left out.
 * @throws RunnerError `kubernetes-client-missing` if it is not there
 */
export async function loadOptional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isErrno(error, 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND')) throw error;
    throw new RunnerError(
      'kubernetes-client-missing',
      `--mode kubernetes needs the package ${name}, which is not installed.`,
      { cause: error },
    );
  }
}
