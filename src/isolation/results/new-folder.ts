import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../../common/atomic-file.js';
import { ContentHash, type ContentDigest } from '../../common/content-digest.js';
import { nameDiskFull } from '../../common/errors.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
/** More do not help: Node's threads are four. */
const SYNCS_AT_A_TIME = 8;

/**
 * A folder that is filled under another name and appears whole or not at all: `PATH.partial` until it is `moveIn`ed,
 * and removed unless it was. One that a killed predecessor has left is removed first.
 */
export class NewFolder implements AsyncDisposable {
  readonly #path: string;
  readonly #partial: string;
  readonly #files: string[] = [];
  readonly #folders: string[];

  private constructor(path: string) {
    this.#path = path;
    this.#partial = partialOf(path);
    this.#folders = [this.#partial];
  }

  static async create(path: string): Promise<NewFolder> {
    await rm(partialOf(path), { recursive: true, force: true });
    await mkdir(partialOf(path), { mode: FOLDER_MODE });
    return new NewFolder(path);
  }

  /** @throws RunnerError `disk-full` */
  addFolder(path: string): void {
    const full = join(this.#partial, path);
    naming(full, () => {
      mkdirSync(full, { mode: FOLDER_MODE });
    });
    this.#folders.push(full);
  }

  /**
   * Writes a file as its content comes. The writes are synchronous: at the size of an archive's chunks they take
   * less time than to hand them to a thread.
   * @returns what was written
   * @throws RunnerError `disk-full`; what `content` throws
   */
  async addFile(path: string, content: AsyncIterable<Uint8Array>): Promise<ContentDigest> {
    const full = join(this.#partial, path);
    const fd = naming(full, () => openSync(full, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE));
    this.#files.push(full);
    const hash = new ContentHash();
    try {
      for await (const chunk of content) {
        hash.update(chunk);
        naming(full, () => {
          for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
        });
      }
    } finally {
      closeSync(fd);
    }
    return hash.digest();
  }

  /**
   * Gives the folder its name once all of it is on the disk itself. The flushes come together at the end, and side by
   * side: the file system then does many in one go.
   * @throws RunnerError `disk-full`
   */
  async moveIn(signal?: AbortSignal): Promise<void> {
    const files = this.#files.values();
    const syncFiles = async (): Promise<void> => {
      for (const file of files) {
        signal?.throwIfAborted();
        await syncFile(file);
      }
    };
    await Promise.all(Array.from({ length: SYNCS_AT_A_TIME }, syncFiles));
    for (const folder of this.#folders) await syncDirectory(folder);
    signal?.throwIfAborted();
    await rename(this.#partial, this.#path);
    await syncDirectory(dirname(this.#path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#partial, { recursive: true, force: true });
  }
}

const partialOf = (path: string): string => `${path}.partial`;

function naming<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw nameDiskFull(error, path);
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } catch (error) {
    throw nameDiskFull(error, path);
  } finally {
    await file.close();
  }
}
