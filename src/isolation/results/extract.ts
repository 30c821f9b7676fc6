/** An archive with a trainer's results, onto this machine's disk. The trainer is trusted with nothing. */
import { lstat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { ContentDigest } from '../../common/content-digest.js';
import { describeError, isErrno } from '../../common/errors.js';
import type { RunnerError } from '../../contract/errors.js';
import { ArchiveCheck, type CheckOptions } from './archive-check.js';
import { NewFolder } from './new-folder.js';

export interface ExtractOptions extends CheckOptions {
  /** The folder to be made; what is above it must be there. Until all is in it, it is `INTO.partial`. */
  readonly into: string;
  readonly signal: AbortSignal;
  /** The error of an archive that is cut short, for what sent it to be named. */
  readonly cutShort: (why: string, cause?: unknown) => RunnerError;
}

export interface CollectedFile extends ContentDigest {
  /** Relative to `into`, with slashes. */
  readonly path: string;
}

/**
 * Unpacks an archive. It is there whole and flushed when this returns, and not at all when it throws.
 * @param open gives the archive
 * @throws RunnerError `artifact-rejected` naming the first entry that is not allowed, `disk-full`; that of `cutShort`;
 *   the error of the stream as it is; the reason of the signal
 */
export async function extractFiles(
  open: () => Promise<Readable>,
  { into, signal, cutShort, ...rules }: ExtractOptions,
): Promise<readonly CollectedFile[]> {
  await refuseExisting(into);
  await using folder = await NewFolder.create(into);
  try {
    const files = await extractInto(folder, new ArchiveCheck(rules), await open(), cutShort);
    await folder.moveIn(signal);
    return files;
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

/** Takes the stream to its end or destroys it: one of a daemon that is left open locks the container, even against removal. */
async function extractInto(
  folder: NewFolder,
  check: ArchiveCheck,
  stream: Readable,
  cutShort: ExtractOptions['cutShort'],
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
  // A daemon logs what goes wrong while it reads files, and ends the archive as if it were through.
  if (!tail.isEmpty) throw cutShort('it has no end');
  check.end();
  return files;
}

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
