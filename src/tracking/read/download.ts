/** One file of a store, brought to this machine: never more of it than was asked for, and nothing other than it should be. */
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toRunnerError } from '../../common/errors.js';
import { makeDirectory } from '../../common/make-directory.js';
import type { ArtifactSource } from '../artifacts/artifact-source.js';
import { retryAtStore, type StorePatience } from '../artifacts/store-retry.js';

export interface Download {
  /** From the root of the run's artifacts, with slashes. */
  readonly path: string;
  /** Absolute; the folders above it are made. What is there is replaced. */
  readonly target: string;
  readonly mostBytes: number;
  /** Where the run's manifest says what it is. */
  readonly expected?: { readonly bytes: number; readonly sha256: string } | undefined;
}

/** What became of it: `missing` if the store has no such file; what was not taken is not at its target. */
export type Downloaded = 'whole' | 'missing' | 'too-large' | 'other';

/** @throws RunnerError as `ArtifactSource.read`; `disk-full` or `file-unusable` of its target; the signal's reason */
export const download = (
  source: ArtifactSource,
  wanted: Download,
  { signal, patience }: { readonly signal: AbortSignal; readonly patience: StorePatience },
): Promise<Downloaded> => retryAtStore(() => downloadOnce(source, wanted, signal), patience, signal);

async function downloadOnce(
  source: ArtifactSource,
  { path, target, mostBytes, expected }: Download,
  signal: AbortSignal,
): Promise<Downloaded> {
  const content = await source.read(path, signal);
  if (content === null) return 'missing';
  const most = Math.min(mostBytes, expected?.bytes ?? mostBytes);
  const hash = createHash('sha256');
  let bytes = 0;
  const taken = await writeStream(target, content, (chunk) => {
    bytes += chunk.length;
    hash.update(chunk);
    return bytes <= most;
  });
  const whole =
    expected === undefined || (bytes === expected.bytes && hash.digest('hex') === expected.sha256);
  if (taken && whole) return 'whole';
  await rm(target, { force: true });
  return bytes > mostBytes ? 'too-large' : 'other';
}

/**
 * @param takes whether a piece is still to be written, and what comes after it
 * @returns whether all of it was
 */
async function writeStream(
  target: string,
  content: AsyncIterable<Uint8Array>,
  takes: (chunk: Uint8Array) => boolean,
): Promise<boolean> {
  const file = await onTarget(target, async () => {
    await makeDirectory(dirname(target));
    return open(target, 'w');
  });
  try {
    // Leaving the loop ends the connection.
    for await (const chunk of content) {
      if (!takes(chunk)) return false;
      await onTarget(target, () => file.writeFile(chunk));
    }
    return true;
  } finally {
    await file.close();
  }
}

/** What goes wrong on this machine is no failure of the store. */
async function onTarget<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toRunnerError(error, target);
  }
}
