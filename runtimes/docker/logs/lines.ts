import type { LogLine, StreamName } from '../../../src/isolation/log-line.js';
import { isStamp } from '../../../src/isolation/timestamp.js';
import type { FramePiece } from './demux.js';

const NEWLINE = 0x0a;
const SPACE = 0x20;
/** No stamp is longer. */
const MOST_STAMP_BYTES = 40;
const FIRST_HELD_BYTES = 4096;

export const MOST_LINE_BYTES = 1024 * 1024;

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
  constructor(onLine: (line: LogLine) => void, mostBytes = MOST_LINE_BYTES) {
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
  readonly #onLine: (line: LogLine) => void;
  readonly #mostBytes: number;
  /** Its bytes, up to `mostBytes`. */
  #held = Buffer.alloc(0);
  bytes = 0;
  timestamp = '';
  /** The part of the frame's stamp that has come; undefined once it has come whole. */
  #stamp: string | undefined;

  constructor(stream: StreamName, onLine: (line: LogLine) => void, mostBytes: number) {
    this.stream = stream;
    this.#onLine = onLine;
    this.#mostBytes = mostBytes;
  }

  push({ bytes, begins, ends }: FramePiece): void {
    if (begins) this.#stamp = '';
    let start = this.#stamp === undefined ? 0 : this.#takeStamp(bytes, this.#stamp, ends);
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start);
      if (end === -1) break;
      this.#finish(bytes.subarray(start, end));
      start = end + 1;
    }
    if (start < bytes.length) this.#hold(bytes.subarray(start));
  }

  flush(): void {
    if (this.bytes > 0) this.#finish(Buffer.alloc(0));
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

  #hold(bytes: Buffer): void {
    const kept = Math.min(this.bytes, this.#mostBytes);
    const wanted = Math.min(kept + bytes.length, this.#mostBytes);
    if (wanted > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(wanted, FIRST_HELD_BYTES, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, kept);
      this.#held = larger;
    }
    bytes.copy(this.#held, kept, 0, wanted - kept);
    this.bytes += bytes.length;
  }

  #finish(rest: Buffer): void {
    // A line within one frame, as nearly all are, is not copied.
    if (this.bytes > 0 || rest.length > this.#mostBytes) this.#hold(rest);
    const bytes = this.bytes || rest.length;
    const kept = this.bytes === 0 ? rest : this.#held.subarray(0, Math.min(bytes, this.#mostBytes));
    this.#onLine({ stream: this.stream, timestamp: this.timestamp, bytes, ...textOf(kept, bytes) });
    this.bytes = 0;
    // One long line does not keep its memory.
    if (this.#held.length > FIRST_HELD_BYTES) this.#held = Buffer.alloc(0);
  }
}

function textOf(kept: Buffer, bytes: number): Pick<LogLine, 'text' | 'cutBytes'> {
  if (kept.length === bytes) return { text: kept.toString(), cutBytes: 0 };
  const whole = kept.length - halfCharacterBytes(kept);
  const cutBytes = bytes - whole;
  return { text: `${kept.toString('utf8', 0, whole)}… [${cutBytes} bytes cut]`, cutBytes };
}

/** How many bytes at the end begin a UTF-8 character that has more of them. */
function halfCharacterBytes(bytes: Buffer): number {
  for (let back = 1; back <= 3; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
