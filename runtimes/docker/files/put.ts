import type { Container } from 'dockerode';
import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { RunnerError } from '../../../src/contract/errors.js';
import { faultOfPath, showPath } from '../../../src/isolation/results/entry-name.js';

export interface FileToPut {
  /** Relative to the container's folder, with slashes; folders in it are made. */
  readonly name: string;
  /** Such as 0o444. Owner is root. */
  readonly mode: number;
  readonly content: Uint8Array | SourceFile;
}

/** A file of this machine. */
export interface SourceFile {
  readonly path: string;
  /** Its size, which the archive tells before the content. */
  readonly bytes: number;
}

const FOLDER_MODE = 0o755;
/** The same archive each time. */
const MTIME = new Date(0);
const READ_BYTES = 1024 * 1024;

/**
 * Writes files into a folder of a container that is there and may be written to, started or not.
 * @throws RunnerError `file-unusable` if a source is not of the size that was said; other errors of sources, daemon or
 *   connection as they are; the reason of the signal
 */
export async function putFiles(
  container: Pick<Container, 'putArchive'>,
  path: string,
  files: readonly FileToPut[],
  { signal = new AbortController().signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  signal.throwIfAborted();
  const archive = pack();
  // dockerode listens, too, but not from the start.
  archive.on('error', () => undefined);
  const request = new AbortController();
  const abortSignal = AbortSignal.any([signal, request.signal]);
  const putting = container.putArchive(archive as unknown as NodeJS.ReadableStream, { path, abortSignal });
  const failures: unknown[] = [];
  // Whichever fails first ends the other, and is the one to tell. A request left half-sent would lock the container.
  const fail = (error: unknown): void => {
    failures.push(error);
    archive.destroy(error instanceof Error ? error : new Error('aborted'));
    request.abort();
  };
  await Promise.all([putting.catch(fail), fill(archive, files).catch(fail)]);
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}

async function fill(archive: Pack, files: readonly FileToPut[]): Promise<void> {
  const entry = { uid: 0, gid: 0, mtime: MTIME };
  for (const name of foldersOf(files)) {
    const folder = archive.entry({ ...entry, name, type: 'directory', mode: FOLDER_MODE });
    // It fails with the archive, whose failure is told.
    folder.on('error', () => undefined);
  }
  for (const { name, mode, content } of files) {
    const fault = faultOfPath(name);
    if (fault !== undefined) throw new Error(`${showPath(name)} ${fault}`);
    const size = 'path' in content ? content.bytes : content.length;
    const source = 'path' in content ? read(content) : [content];
    await pipeline(Readable.from(source), archive.entry({ ...entry, name, mode, size }));
  }
  archive.finalize();
}

/** `a/b/c` → `a`, `a/b`: outer folders first. */
function foldersOf(files: readonly FileToPut[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const { name } of files) {
    const names = posix.dirname(name).split('/');
    if (names[0] !== '.') names.forEach((_, index) => folders.add(names.slice(0, index + 1).join('/')));
  }
  return folders;
}

async function* read({ path, bytes }: SourceFile): AsyncGenerator<Buffer, void, undefined> {
  let read = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) {
    read += (chunk as Buffer).length;
    if (read > bytes) throw changed(path, `more than ${bytes}`);
    yield chunk as Buffer;
  }
  if (read < bytes) throw changed(path, `${read}, not ${bytes}`);
}

const changed = (path: string, bytes: string): RunnerError =>
  new RunnerError('file-unusable', `${path} changed while it was read: it has ${bytes} bytes.`, {
    hint: 'Let nothing write to it while a run starts.',
  });
