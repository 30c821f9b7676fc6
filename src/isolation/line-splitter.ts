import type { LogLine } from './log-line.js';

const NEWLINE = 0x0a;
const FIRST_HELD_BYTES = 4096;

/** What is kept of one line that a trainer prints. */
export const MOST_LINE_BYTES = 1024 * 1024;

/** A line without stream and time. */
export type SplitLine = Pick<LogLine, 'bytes' | 'text' | 'cutBytes'>;

/**
 * Makes lines of bytes, wherever these are cut. No more than `mostBytes` of a line are held, however long it gets; what
 * is beyond is left out, with a mark.
 */
export class LineSplitter {
  readonly #onLine: (line: SplitLine) => void;
  readonly #mostBytes: number;
  /** Of the line that has not ended, up to `mostBytes`. */
  #held = Buffer.alloc(0);
  #bytes = 0;

  constructor(onLine: (line: SplitLine) => void, mostBytes = MOST_LINE_BYTES) {
    this.#onLine = onLine;
    this.#mostBytes = mostBytes;
  }

  /** How much has come of the line that has not ended, what will be left out included. */
  get bytes(): number {
    return this.#bytes;
  }

  push(bytes: Buffer): void {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start);
      if (end === -1) break;
      this.#finish(bytes.subarray(start, end));
      start = end + 1;
    }
    if (start < bytes.length) this.#hold(bytes.subarray(start));
  }

  /** Hands out the line that has no line feed: nothing more comes. */
  flush(): void {
    if (this.#bytes > 0) this.#finish(Buffer.alloc(0));
  }

  #hold(bytes: Buffer): void {
    const kept = Math.min(this.#bytes, this.#mostBytes);
    const wanted = Math.min(kept + bytes.length, this.#mostBytes);
    if (wanted > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(wanted, FIRST_HELD_BYTES, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, kept);
      this.#held = larger;
    }
    bytes.copy(this.#held, kept, 0, wanted - kept);
    this.#bytes += bytes.length;
  }

  #finish(rest: Buffer): void {
    // A line within one piece, as nearly all are, is not copied.
    if (this.#bytes > 0 || rest.length > this.#mostBytes) this.#hold(rest);
    const bytes = this.#bytes || rest.length;
    const kept = this.#bytes === 0 ? rest : this.#held.subarray(0, Math.min(bytes, this.#mostBytes));
    const { text, cutBytes } = textOf(kept, bytes);
    this.#onLine({ bytes, text, cutBytes });
    this.#bytes = 0;
    // One long line does not keep its memory.
    if (this.#held.length > FIRST_HELD_BYTES) this.#held = Buffer.alloc(0);
  }
}

function textOf(kept: Buffer, bytes: number): Pick<SplitLine, 'text' | 'cutBytes'> {
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
