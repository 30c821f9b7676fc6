/** A trainer's results, out of its container and onto this machine's disk. */
import type { Container } from 'dockerode';
import { posix } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { RunnerError } from '../../../src/contract/errors.js';
import type { CollectLimits } from '../../../src/isolation/results/archive-check.js';
import { extractFiles, type CollectedFile } from '../../../src/isolation/results/extract.js';

export interface CollectOptions {
  /** The folder to be made; what is above it must be there. Until all is in it, it is `INTO.partial`. */
  readonly into: string;
  /** Names that may lie directly in the container's folder. */
  readonly allow: readonly string[];
  /** Names that may lie there, too, such as those of scratch files; they count, and are left there. */
  readonly ignore?: RegExp | undefined;
  readonly limits: CollectLimits;
  readonly signal?: AbortSignal | undefined;
}

export interface CollectedFiles {
  readonly files: readonly CollectedFile[];
  readonly bytes: number;
}

/**
 * Copies a folder of a container, running or exited. It is there whole and flushed when this returns, and not at all
 * when it throws.
 * @param path of the folder, absolute
 * @throws RunnerError `artifact-rejected` naming the first entry that is not allowed, `disk-full`, `daemon-failed` if
 *   the archive is cut short; the error of daemon or connection as it is; the reason of the signal
 */
export async function collectFiles(
  container: Pick<Container, 'getArchive'>,
  path: string,
  { signal = new AbortController().signal, ...options }: CollectOptions,
): Promise<CollectedFiles> {
  const top = posix.basename(path);
  const open = () => openArchive(container, path, signal);
  const files = await extractFiles(open, { ...options, top, signal, cutShort });
  return { files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function openArchive(
  container: Pick<Container, 'getArchive'>,
  path: string,
  signal: AbortSignal,
): Promise<Readable> {
  signal.throwIfAborted();
  const stream = await container.getArchive({ path, abortSignal: signal });
  if (!(stream instanceof Readable)) throw new TypeError('dockerode gave no readable stream');
  return addAbortSignal(signal, stream);
}

const cutShort = (why: string, cause?: unknown): RunnerError =>
  new RunnerError('daemon-failed', `The daemon sent a broken archive of the results: ${why}.`, { cause });
