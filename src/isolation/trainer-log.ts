import { closeSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { nameDiskFull } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import type { LogLine, StreamName } from './log-line.js';
import { PositionTracker, type LogPosition, type StampedLine } from './position.js';
import { isStamp } from './timestamp.js';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 1024 * 1024;
/** Longer than a stamp and the name of a stream. */
const HEAD_BYTES = 64;
const HEAD = /^(\S+) (stdout|stderr) /;

/**
 * The append-only file of what a trainer prints beside its events: `<time stamp> <stdout|stderr> <text>` a line, with
 * control characters except tabs escaped.
 *
 * The file is its own journal. Each `append` is one synchronous write, a successor finds in it where to go on, and
 * what a stream repeats then is passed over, so a `kill -9` neither loses nor doubles a line.
 */
export class TrainerLog implements Disposable {
  readonly path: string;
  readonly #tracker: PositionTracker;
  #fd: number | undefined;
  #bytes: number;

  private constructor(path: string, fd: number, { bytes, position }: Contents) {
    this.path = path;
    this.#fd = fd;
    this.#bytes = bytes;
    this.#tracker = new PositionTracker(position);
  }

  /**
   * Starts the file, or goes on with it: a line that the last writer could not finish is cut off.
   * @throws RunnerError `run-corrupt` if a whole line is none of these
   */
  static open(path: string): TrainerLog {
    const fd = openSync(path, 'a+');
    try {
      const contents = readContents(fd, path);
      ftruncateSync(fd, contents.bytes);
      return new TrainerLog(path, fd, contents);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Length of the file. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Where a follower has to begin so that it misses nothing. It gets the lines with the last stamp again: some may be
   * events, which this file does not have and cannot count. The file passes over its own by itself.
   */
  get position(): LogPosition {
    const { stdout, stderr } = this.#tracker.position;
    return {
      ...(stdout === undefined ? {} : { stdout: { ...stdout, seen: 0 } }),
      ...(stderr === undefined ? {} : { stderr: { ...stderr, seen: 0 } }),
    };
  }

  /**
   * Writes the lines, less those that a resumed file has already, before it returns.
   * @throws RunnerError `disk-full`; the file then ends with the line before these
   */
  append(lines: readonly LogLine[]): void {
    const fd = this.#open();
    const bytes = Buffer.from(
      lines.map((line) => (this.#tracker.advance(line) ? format(line) : '')).join(''),
    );
    try {
      // A short write happens only when the disk fills up; going on then meets the error itself.
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
    } catch (error) {
      this.#cutBack(fd);
      throw nameDiskFull(error, this.path);
    }
    this.#bytes += bytes.length;
  }

  /** Flushes to the disk itself and closes; a second call does nothing. */
  close(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    try {
      fsyncSync(fd);
    } catch (error) {
      throw nameDiskFull(error, this.path);
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
    try {
      ftruncateSync(fd, this.#bytes);
    } catch {
      // The error of the write itself is the one to tell; a successor cuts an unfinished last line off.
    }
  }
}

const format = ({ timestamp, stream, text }: LogLine): string =>
  `${timestamp} ${stream} ${text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, escape)}\n`;

const escape = (character: string): string =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;

interface Contents {
  /** Of whole lines. */
  readonly bytes: number;
  readonly position: LogPosition;
}

/** Reads the heads of all lines, block by block: the last line of a stream may be anywhere. */
function readContents(fd: number, path: string): Contents {
  const tracker = new PositionTracker();
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let [bytes, offset, lineNumber, head] = [0, 0, 1, ''];
  for (;;) {
    const read = readSync(fd, block, 0, BLOCK_BYTES, offset);
    if (read === 0) return { bytes, position: tracker.position };
    const content = block.subarray(0, read);
    for (let start = 0; start < read;) {
      const newline = content.indexOf(NEWLINE, start);
      const end = newline === -1 ? read : newline;
      head += content.toString('latin1', start, Math.min(end, start + HEAD_BYTES - head.length));
      start = end + 1;
      if (newline === -1) break;
      tracker.advance(parseHead(head, path, lineNumber));
      [bytes, lineNumber, head] = [offset + start, lineNumber + 1, ''];
    }
    offset += read;
  }
}

function parseHead(head: string, path: string, lineNumber: number): StampedLine {
  const [, timestamp = '', stream] = HEAD.exec(head) ?? [];
  if (isStamp(timestamp) && isStreamName(stream)) return { timestamp, stream };
  throw new RunnerError('run-corrupt', `${path}:${lineNumber}: not a line of a trainer log.`);
}

const isStreamName = (name: string | undefined): name is StreamName => name === 'stdout' || name === 'stderr';
