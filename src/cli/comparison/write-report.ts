import { appendFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno, toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';

/**
 * Writes through links and into devices: `--output /dev/stdout` and a link to a served page are what they say.
 * @param how `append` leaves what is there: a summary of a CI job has parts of others
 * @throws RunnerError `file-unusable` or `disk-full`, naming the file
 */
export async function writeReport(
  path: string,
  text: string,
  how: 'write' | 'append' = 'write',
): Promise<void> {
  try {
    await (how === 'append' ? appendFile(path, text) : writeFile(path, text));
  } catch (error) {
    const why = isErrno(error, 'ENOENT', 'ENOTDIR')
      ? `there is no folder ${dirname(path)}`
      : isErrno(error, 'EISDIR')
        ? 'it is a folder'
        : undefined;
    if (why === undefined) throw toRunnerError(error, path);
    throw new RunnerError('file-unusable', `Cannot write ${path}: ${why}.`, {
      cause: error,
      hint: 'Name a file in a folder that is there.',
    });
  }
}
