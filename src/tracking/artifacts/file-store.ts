import { constants, createWriteStream } from 'node:fs';
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { syncDirectory } from '../../common/atomic-file.js';
import { isErrno } from '../../common/errors.js';
import { makeDirectory } from '../../common/make-directory.js';
import type { ArtifactSource } from './artifact-source.js';
import type { ArtifactFile, ArtifactStore } from './artifact-store.js';
import { streamChecked } from './checked-file.js';
import { storeFailure } from './file-failure.js';
import { ownFileName, removeOwnFiles } from './own-files.js';
import { readBack } from './read-back.js';
import { readableFolder, sharedFolder, type SharingOptions } from './shared-folder.js';
import { withVerify, type StoreAdapter } from './verify-files.js';

const CONCURRENCY = 4;

/**
 * A folder that this machine has in common with the server.
 * @throws RunnerError `artifact-store-unsupported` if it has not; as `sharedFolder`
 */
export async function openFileStore(uri: string, options: SharingOptions): Promise<ArtifactStore> {
  return withVerify(new FileStore(uri, await sharedFolder(uri, options)));
}

/**
 * The same, to be read from; nothing is written to find out whether it is shared.
 * @throws RunnerError `artifact-store-unsupported` as `readableFolder`
 */
export async function openFileSource(uri: string, trackingUri: string): Promise<ArtifactSource> {
  return new FileStore(uri, await readableFolder(uri, trackingUri));
}

class FileStore implements StoreAdapter {
  readonly uri: string;
  readonly concurrency = CONCURRENCY;
  readonly #folder: string;
  /** Those that artifacts were put into. */
  readonly #made = new Map<string, Promise<void>>();

  constructor(uri: string, folder: string) {
    this.uri = uri;
    this.#folder = folder;
  }

  async put(file: ArtifactFile, signal: AbortSignal): Promise<void> {
    const target = this.#target(file);
    const folder = dirname(target);
    const temporary = join(folder, ownFileName());
    try {
      await this.#make(folder);
      await pipeline(
        streamChecked(file, signal),
        createWriteStream(temporary, { flags: 'wx', flush: true }),
        { signal },
      );
      await rename(temporary, target);
      await syncDirectory(folder);
    } catch (error) {
      await rm(temporary, { force: true });
      signal.throwIfAborted();
      throw storeFailure(error, target);
    }
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

  async read(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | null> {
    signal.throwIfAborted();
    const target = this.#target({ path });
    const asFailure = (error: unknown): unknown => {
      signal.throwIfAborted();
      return storeFailure(error, target, 'read');
    };
    const file = await openRegular(target).catch((error: unknown) => {
      throw asFailure(error);
    });
    return file && readBack(file.createReadStream({ signal }), asFailure);
  }

  #target({ path }: Pick<ArtifactFile, 'path'>): string {
    return join(this.#folder, path);
  }

  /** Nobody else puts anything there meanwhile: one process at a time records a run. */
  #make(folder: string): Promise<void> {
    const made = this.#made.get(folder) ?? makeDirectory(folder).then(() => removeOwnFiles(folder));
    this.#made.set(folder, made);
    return made;
  }
}

/** Null if there is no regular file. A pipe in its place must not make the opening wait. */
async function openRegular(path: string): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
  try {
    if ((await file.stat()).isFile()) return file;
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return null;
}
