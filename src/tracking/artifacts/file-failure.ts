import { isErrno, toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';

/** What the file system says of a store's file, in the runner's words. */
export function storeFailure(error: unknown, target: string, act: 'write' | 'read' = 'write'): RunnerError {
  if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS')) return toRunnerError(error, target);
  return new RunnerError('artifact-store-forbidden', `This user may not ${act} ${target}.`, { cause: error });
}
