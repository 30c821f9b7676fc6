import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { syncDirectory } from '../../common/atomic-file.js';
import { isErrno } from '../../common/errors.js';
import { makeDirectory } from '../../common/make-directory.js';
import type { ArtifactFile, ArtifactStore } from './artifact-store.js';
import { streamChecked } from './checked-file.js';
import { storeFailure } from './file-failure.js';
import { readBack } from './read-back.js';
import { sharedFolder, type SharingOptions } from './shared-folder.js';
import { withVerify, type StoreAdapter } from './verify-files.js';

const CONCURRENCY = 4;
/**
 * A folder that this machine has in common with the server.
 * @throws RunnerError `artifact-store-unsupported` if it has not; as `sharedFolder`
 */
export async function openFileStore(uri: string, options: SharingOptions): Promise<ArtifactStore> {
  return withVerify(new FileStore(uri, await sharedFolder(uri, options)));
}

class FileStore implements StoreAdapter {
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
