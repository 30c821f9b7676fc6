/** One file of a store, brought to this machine: never more of it than was asked for, and nothing other than it should be. */
import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
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
  wanted: Download,
  signal: AbortSignal,
): Promise<Downloaded> {
  const { target } = wanted;
  // Before anything is asked for: an answer that nobody reads would keep its connection.
  const file = await onTarget(target, async () => {
    await makeDirectory(dirname(target));
    return open(target, 'w');
  });
  let downloaded: Downloaded | undefined;
  try {
    downloaded = await fill(file, source, wanted, signal);
    return downloaded;
  } finally {
    await file.close();
    if (downloaded !== 'whole') await rm(target, { force: true });
  }
}

async function fill(
  file: FileHandle,
  source: ArtifactSource,
  { path, target, mostBytes, expected }: Download,
  signal: AbortSignal,
): Promise<Downloaded> {
  const content = await source.read(path, signal);
  if (content === null) return 'missing';
  const most = Math.min(mostBytes, expected?.bytes ?? mostBytes);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes > most) return bytes > mostBytes ? 'too-large' : 'other';
    hash.update(chunk);
    await onTarget(target, () => file.writeFile(chunk));
  }
  const isExpected =
    expected === undefined || (bytes === expected.bytes && hash.digest('hex') === expected.sha256);
  return isExpected ? 'whole' : 'other';
}

/** What goes wrong on this machine is no failure of the store. */
async function onTarget<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toRunnerError(error, target);
  }
}
