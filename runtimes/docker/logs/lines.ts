import { LineSplitter } from '../../../src/isolation/line-splitter.js';
import type { LogLine, StreamName } from '../../../src/isolation/log-line.js';
import { isStamp } from '../../../src/isolation/timestamp.js';
import type { FramePiece } from './demux.js';

const SPACE = 0x20;
/** No stamp is longer. */
const MOST_STAMP_BYTES = 40;

/**
 * Makes lines of the frames of a log that is read with `timestamps`.
 *
 * Docker stores a long line in parts of 16 KiB. Each is a frame with the stamp of the whole line before it, and only
 * the last ends with a line feed; frames of the other stream may stand between them.
 *
 * That is so in the driver `json-file`, which is what the trainer's containers have. It stores text: a character that
 * lies in two parts is U+FFFD before it comes here. The driver `local` of Engine 20.10 leaves out the line feed of a
 * last part, which makes one line of two.
 */
export class LineAssembler {
  readonly #streams: Readonly<Record<StreamName, LineOfStream>>;

  /** @param mostBytes of one line; what is beyond is left out, with a mark */
  constructor(onLine: (line: LogLine) => void, mostBytes?: number) {
    this.#streams = {
      stdout: new LineOfStream('stdout', onLine, mostBytes),
      stderr: new LineOfStream('stderr', onLine, mostBytes),
    };
  }

  /** What has come of lines that have not ended. */
  get open(): readonly OpenLine[] {
    const { stdout, stderr } = this.#streams;
    return [stdout, stderr].filter(({ bytes }) => bytes > 0);
  }

  /** @throws Error if a frame does not begin with a stamp */
  push(piece: FramePiece): void {
    this.#streams[piece.stream].push(piece);
  }

  /** Hands out the lines that have no line feed: nothing more comes. */
  flush(): void {
    this.#streams.stdout.flush();
    this.#streams.stderr.flush();
  }
}

/** A line of which more will come: `bytes` have come, those that will be left out included. */
export type OpenLine = Pick<LogLine, 'stream' | 'timestamp' | 'bytes'>;

class LineOfStream implements OpenLine {
  readonly stream: StreamName;
  readonly #splitter: LineSplitter;
  timestamp = '';
  /** The part of the frame's stamp that has come; undefined once it has come whole. */
  #stamp: string | undefined;

  constructor(stream: StreamName, onLine: (line: LogLine) => void, mostBytes: number | undefined) {
    this.stream = stream;
    this.#splitter = new LineSplitter((line) => {
      onLine({ stream, timestamp: this.timestamp, ...line });
    }, mostBytes);
  }

  get bytes(): number {
    return this.#splitter.bytes;
  }

  push({ bytes, begins, ends }: FramePiece): void {
    if (begins) this.#stamp = '';
    const start = this.#stamp === undefined ? 0 : this.#takeStamp(bytes, this.#stamp, ends);
    this.#splitter.push(start === 0 ? bytes : bytes.subarray(start));
  }

  flush(): void {
    this.#splitter.flush();
  }

  /** @returns where the payload goes on behind the stamp and its space */
  #takeStamp(bytes: Buffer, before: string, ends: boolean): number {
    const space = bytes.indexOf(SPACE);
    const stamp =
      before +
      bytes.toString('latin1', 0, Math.min(space === -1 ? MOST_STAMP_BYTES : space, MOST_STAMP_BYTES));
    if (space === -1 && !ends && stamp.length < MOST_STAMP_BYTES) {
      this.#stamp = stamp;
      return bytes.length;
    }
    if (space === -1 || !isStamp(stamp)) {
      throw new Error(`the stream is malformed: a frame begins with ${JSON.stringify(stamp)}, no time stamp`);
    }
    this.#stamp = undefined;
    // A later part of a line that has begun; by its first it is found again.
    if (this.bytes === 0) this.timestamp = stamp;
    return space + 1;
  }
}
