import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, rename, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { syncDirectory } from '../../common/atomic-file.js';
import { isErrno, toRunnerError } from '../../common/errors.js';
import { exists } from '../../common/exists.js';
import { makeDirectory } from '../../common/make-directory.js';
import { RunnerError } from '../../contract/errors.js';
import { isLoopback } from '../mlflow/http.js';
import type { ArtifactFile, ArtifactStore, Mismatch } from './artifact-store.js';
import { streamChecked } from './checked-file.js';
import { readBack } from './read-back.js';
import { verifyFiles, type StoreReader } from './verify-files.js';

const CONCURRENCY = 4;
/** `<root>/<experiment>/<run>/artifacts`: the server makes the root. */
const LEVELS_BELOW_ROOT = 3;
/** `<root>/<experiment>/models/<model>/artifacts` */
const OF_MODEL = /\/models\/[^/]+\/artifacts\/*$/;

/**
 * A folder that this machine has in common with the server. A path says nothing about where: it is taken for the
 * server's own only if the server runs on this machine and has a root there. A container's, of which only the port is
 * on this machine, has its root in the container.
 * @throws RunnerError `artifact-store-unsupported`
 */
export async function openFileStore(
  uri: string,
  { trackingUri }: { readonly trackingUri: string },
): Promise<ArtifactStore> {
  const folder = folderOf(uri);
  if (folder === undefined) throw notShared(uri, 'is no absolute path of this machine');
  if (!isLoopback(trackingUri)) throw notShared(uri, `is a folder of the server's machine (${trackingUri})`);
  if (!(await hasRoot(folder))) throw notShared(uri, 'lies in no folder that is there on this machine');
  return new FileStore(uri, folder);
}

function folderOf(uri: string): string | undefined {
  if (!/^file:/i.test(uri)) return isAbsolute(uri) ? uri : undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    // Of another host, or with an escape that is none.
    return undefined;
  }
}

async function hasRoot(folder: string): Promise<boolean> {
  const levels = OF_MODEL.test(folder) ? LEVELS_BELOW_ROOT + 1 : LEVELS_BELOW_ROOT;
  let above = folder;
  for (let level = 0; level <= levels && above !== dirname(above); level += 1) {
    if (await exists(above)) return true;
    above = dirname(above);
  }
  return false;
}

const notShared = (uri: string, why: string): RunnerError =>
  new RunnerError(
    'artifact-store-unsupported',
    `The artifact root ${uri} ${why}: nothing can be written there.`,
    {
      hint: 'Start the server with --serve-artifacts, or with --default-artifact-root s3://…: new experiments are then kept there.',
    },
  );

class FileStore implements ArtifactStore, StoreReader {
  readonly uri: string;
  readonly concurrency = CONCURRENCY;
  readonly #folder: string;

  constructor(uri: string, folder: string) {
    this.uri = uri;
    this.#folder = folder;
  }

  async put(file: ArtifactFile, signal: AbortSignal): Promise<void> {
    const target = this.#target(file);
    const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}.tmp`);
    try {
      await makeDirectory(dirname(target));
      await pipeline(
        streamChecked(file, signal),
        createWriteStream(temporary, { flags: 'wx', flush: true }),
        { signal },
      );
      await rename(temporary, target);
      await syncDirectory(dirname(target));
    } catch (error) {
      await rm(temporary, { force: true });
      signal.throwIfAborted();
      throw storeFailure(error, target);
    }
  }

  verify(
    files: readonly ArtifactFile[],
    options: { readonly deep: boolean; readonly signal: AbortSignal },
  ): Promise<readonly Mismatch[]> {
    return verifyFiles(files, this, options);
  }

  close(): void {
    // Nothing is kept open.
  }

  async sizes(files: readonly ArtifactFile[]): Promise<ReadonlyMap<string, number>> {
    const sizes = new Map<string, number>();
    for (const file of files) {
      try {
        const stats = await lstat(this.#target(file));
        if (stats.isFile()) sizes.set(file.path, stats.size);
      } catch (error) {
        if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw storeFailure(error, this.#target(file));
      }
    }
    return sizes;
  }

  read(file: ArtifactFile, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const target = this.#target(file);
    return Promise.resolve(
      readBack(createReadStream(target, { signal }), (error) => {
        signal.throwIfAborted();
        return storeFailure(error, target);
      }),
    );
  }

  #target({ path }: ArtifactFile): string {
    return join(this.#folder, path);
  }
}

function storeFailure(error: unknown, target: string): RunnerError {
  if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS')) return toRunnerError(error, target);
  return new RunnerError('artifact-store-forbidden', `This user may not write ${target}.`, { cause: error });
}
