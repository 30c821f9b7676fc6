/** A trainer's results, out of its container and onto this machine's disk. The trainer is trusted with nothing. */
import type { Container } from 'dockerode';
import { lstat } from 'node:fs/promises';
import { posix } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { describeError, isErrno } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { ArchiveCheck, type CollectLimits } from './archive-check.js';
import { NewFolder, type WrittenFile } from './new-folder.js';

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

export interface CollectedFile extends WrittenFile {
  /** Relative to `into`, with slashes. */
  readonly path: string;
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
  { into, allow, ignore, limits, signal = new AbortController().signal }: CollectOptions,
): Promise<CollectedFiles> {
  await refuseExisting(into);
  await using folder = await NewFolder.create(into);
  try {
    const check = new ArchiveCheck({ top: posix.basename(path), allow, ignore, limits });
    const files = await extractInto(folder, check, await openArchive(container, path, signal));
    await folder.moveIn(signal);
    return { files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  } catch (error) {
    // An abort breaks the stream, and shows as that.
    signal.throwIfAborted();
    throw error;
  }
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  throw new Error(`${path} exists`);
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

/** Takes the stream to its end or destroys it: one that is left open locks the container, even against removal. */
async function extractInto(
  folder: NewFolder,
  check: ArchiveCheck,
  stream: Readable,
): Promise<readonly CollectedFile[]> {
  const archive = extract();
  const broken: { connection?: unknown; format?: unknown } = {};
  const tail = new Tail();
  stream.on('error', (error) => {
    broken.connection = error;
    archive.destroy(error);
  });
  archive.on('error', (error) => (broken.format = error));
  stream.on('data', (chunk: Buffer) => {
    tail.push(chunk);
  });
  stream.pipe(archive);
  const files: CollectedFile[] = [];
  try {
    for await (const entry of archive) {
      const { type, path, isIgnored } = check.check(entry.header);
      if (isIgnored) {
        entry.resume();
        continue;
      }
      if (type === 'file') {
        files.push({ path, ...(await folder.addFile(path, entry as AsyncIterable<Uint8Array>)) });
        continue;
      }
      if (path !== '') folder.addFolder(path);
      entry.resume();
    }
  } catch (error) {
    throw error === broken.format && error !== broken.connection
      ? cutShort(describeError(error), error)
      : error;
  } finally {
    stream.destroy();
  }
  // The daemon logs what goes wrong while it reads files, and ends the archive as if it were through.
  if (!tail.isEmpty) throw cutShort('it has no end');
  check.end();
  return files;
}

const cutShort = (why: string, cause?: unknown): RunnerError =>
  new RunnerError('daemon-failed', `The daemon sent a broken archive of the results: ${why}.`, { cause });

/** An archive ends with two empty blocks. */
const END_BYTES = 1024;

/** The end of what has come. */
class Tail {
  #bytes: Buffer = Buffer.alloc(0);

  get isEmpty(): boolean {
    return this.#bytes.length === END_BYTES && this.#bytes.every((byte) => byte === 0);
  }

  push(chunk: Buffer): void {
    this.#bytes =
      chunk.length >= END_BYTES
        ? chunk.subarray(-END_BYTES)
        : Buffer.concat([this.#bytes, chunk]).subarray(-END_BYTES);
  }
}
