import { rm } from 'node:fs/promises';
import { RunnerError } from '../../contract/errors.js';
import { type Provisioning, step } from './context.js';
import { hashFile } from './hash-file.js';
import type { PinnedFile } from './wheels.js';

/**
 * Removes a file that is not the pinned one.
 * @param what it is, in words that begin a sentence after “The”
 * @throws RunnerError `hash-mismatch`
 */
export async function checkHash(
  path: string,
  pinned: Pick<PinnedFile, 'fileName' | 'bytes' | 'sha256'>,
  what: string,
  provisioning: Provisioning,
): Promise<void> {
  let done = 0;
  const found = await step(provisioning, 'Checking the download', (report) =>
    hashFile(path, {
      signal: provisioning.signal,
      onBytes: (bytes) => report((done += bytes) / pinned.bytes),
    }),
  );
  if (found === pinned.sha256) return;
  await rm(path, { force: true });
  throw new RunnerError(
    'hash-mismatch',
    `The ${what} is not the pinned ${pinned.fileName}: sha256 ${pinned.sha256} was expected, ${found} was found.`,
  );
}
