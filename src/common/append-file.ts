import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { nameDiskFull } from './errors.js';

/**
 * A file that grows by whole records, with one writer. Each append is one synchronous write, so what was appended
 * survives a `kill -9` of this process; one that fails leaves the file as it was. `flush` and `close` make it survive
 * a power cut too.
 */
export class AppendFile implements Disposable {
  #fd: number | undefined;
  /** Bytes of whole records: what a failed append is cut back to. */
  #size: number;
  /** A record was begun that is not known to be whole. */
  #hasRest = false;
  #hasFailed = false;

  private constructor(
    readonly path: string,
    fd: number,
    size: number,
  ) {
    this.#fd = fd;
    this.#size = size;
  }

  /** Starts a file that must not be there. @throws RunnerError `disk-full`; system errors as they are */
  static create(path: string): AppendFile {
    return new AppendFile(path, openFile(path, 'ax'), 0);
  }

  /**
   * Goes on with a file, or starts it if there is none. A record that the last writer could not finish is cut off.
   * @param measure reads what is there from the descriptor and returns how many bytes of it are whole records
   * @throws RunnerError `disk-full`; what `measure` throws, and the file is then as before
   */
  static resume(path: string, measure: (fd: number) => number): AppendFile {
    const fd = openFile(path, 'a+');
    try {
      const size = measure(fd);
      ftruncateSync(fd, size);
      return new AppendFile(path, fd, size);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Length of the file in bytes. */
  get size(): number {
    return this.#size;
  }

  /**
   * Writes a record to the end of the file before it returns.
   * @param flush have it on the disk itself, too
   * @throws RunnerError `disk-full`; the file then ends with the record before
   */
  append(record: string | Buffer, { flush = false }: { readonly flush?: boolean } = {}): void {
    const fd = this.#open();
    const bytes = Buffer.from(record);
    try {
      this.#cutBack(fd);
      this.#hasRest = true;
      // A short write happens only when the disk fills up; going on then meets the error itself.
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
      if (flush) fsyncSync(fd);
    } catch (error) {
      this.#hasFailed = true;
      try {
        this.#cutBack(fd);
      } catch {
        // The error of the write itself is the one to tell; the next append cuts the rest off, or a successor.
      }
      throw nameDiskFull(error, this.path);
    }
    this.#hasRest = false;
    this.#size += bytes.length;
  }

  /** Waits until everything appended is on the disk itself. @throws RunnerError `disk-full` */
  flush(): void {
    try {
      fsyncSync(this.#open());
    } catch (error) {
      throw nameDiskFull(error, this.path);
    }
  }

  /** Flushes and closes; a second call does nothing. @throws RunnerError `disk-full`, unless an append has said so */
  close(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    try {
      fsyncSync(fd);
    } catch (error) {
      if (!this.#hasFailed) throw nameDiskFull(error, this.path);
    } finally {
      closeSync(fd);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error(`${this.path} is closed`);
    return this.#fd;
  }

  #cutBack(fd: number): void {
    if (!this.#hasRest) return;
    ftruncateSync(fd, this.#size);
    this.#hasRest = false;
  }
}

const NEWLINE = 0x0a;

/** Bytes of the whole lines: a last one without its newline was cut short. */
export const wholeLinesLength = (bytes: Buffer): number => bytes.lastIndexOf(NEWLINE) + 1;

function openFile(path: string, flags: 'ax' | 'a+'): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    throw nameDiskFull(error, path);
  }
}
