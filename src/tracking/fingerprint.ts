import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isErrno, toRunnerError } from '../common/errors.js';
import { artifactPath, runPath } from '../contract/run-directory.js';

/**
 * What tells whether a run directory has changed since it was recorded: its outcome, its manifest (which has the digest of
 * each artifact) and how long its events are, which are only ever appended to. An evaluation afterwards changes all of
 * them.
 * @returns sha256 in hexadecimal
 */
export async function fingerprintOf(runDir: string): Promise<string> {
  const [outcome, manifest, events] = await Promise.all([
    contentOf(runPath(runDir, 'outcome')),
    contentOf(artifactPath(runDir, 'manifest')),
    sizeOf(runPath(runDir, 'events')),
  ]);
  return createHash('sha256')
    .update(JSON.stringify([outcome, manifest, events]))
    .digest('hex');
}

const contentOf = (path: string): Promise<string | null> => unlessMissing(path, () => readFile(path, 'utf8'));
const sizeOf = (path: string): Promise<number | null> =>
  unlessMissing(path, async () => (await stat(path)).size);

async function unlessMissing<T>(path: string, read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw toRunnerError(error, path);
  }
}
