import { readSync } from 'node:fs';
import { AppendFile } from '../common/append-file.js';
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
  readonly #file: AppendFile;
  readonly #tracker: PositionTracker;

  private constructor(file: AppendFile, position: LogPosition) {
    this.#file = file;
    this.#tracker = new PositionTracker(position);
  }

  /**
   * Starts the file, or goes on with it: a line that the last writer could not finish is cut off.
   * @throws RunnerError `run-corrupt` if a whole line is none of these
   */
  static open(path: string): TrainerLog {
    let position: LogPosition = {};
    const file = AppendFile.resume(path, (fd) => {
      const contents = readContents(fd, path);
      ({ position } = contents);
      return contents.bytes;
    });
    return new TrainerLog(file, position);
  }

  get path(): string {
    return this.#file.path;
  }

  /** Length of the file. */
  get bytes(): number {
    return this.#file.size;
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
    this.#file.append(lines.map((line) => (this.#tracker.advance(line) ? format(line) : '')).join(''));
  }

  /** Flushes to the disk itself and closes; a second call does nothing. */
  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const format = ({ timestamp, stream, text }: LogLine): string =>
  `${timestamp} ${stream} ${text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, escape)}\n`;

/** How long the file gets by a line: a stamp and a stream stand before it, and one byte may be escaped by six. */
export const loggedBytes = (line: LogLine): number => Buffer.byteLength(format(line));

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
