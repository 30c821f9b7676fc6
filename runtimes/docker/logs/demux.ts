/** Docker's multiplexed stream: frames of `[stream, 0, 0, 0, length as 4 bytes, big-endian]` and the payload. */
import type { StreamName } from '../../../src/isolation/log-line.js';

/** A part of one frame, as far as it has come: a frame may be of any length and none is ever gathered whole. */
export interface FramePiece {
  readonly stream: StreamName;
  /** A view into the chunk. */
  readonly bytes: Buffer;
  /** Whether the frame begins with these bytes. */
  readonly begins: boolean;
  /** Whether the frame ends with these bytes. */
  readonly ends: boolean;
}

const HEADER_BYTES = 8;
const LENGTH_OFFSET = 4;
/** Of a frame in which the daemon says what went wrong on its side. */
const DAEMON_ERROR = 3;
/** As much of the daemon's error as is told. */
const MOST_ERROR_BYTES = 1024;

/**
 * Takes the frames of a stream apart, chunk by chunk. It loops where docker-modem's `demuxStream` recurses: many
 * small frames in one chunk overflow the stack there, and each frame copies the rest of the chunk.
 */
export class Demuxer {
  readonly #onPiece: (piece: FramePiece) => void;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  /** Payload bytes of the open frame that have yet to come. */
  #missing = 0;
  #begins = false;
  /** Undefined while the daemon tells an error. */
  #stream: StreamName | undefined;
  #daemonError = '';

  constructor(onPiece: (piece: FramePiece) => void) {
    this.#onPiece = onPiece;
  }

  /** @throws Error if these are no frames, or if the daemon says in one that it cannot go on */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      offset += this.#missing > 0 ? this.#takePayload(chunk, offset) : this.#takeHeader(chunk, offset);
    }
  }

  /** @throws Error if the stream ended within a frame */
  end(): void {
    if (this.#missing > 0 || this.#headerBytes > 0) throw new Error('the stream ended within a frame');
  }

  #takeHeader(chunk: Buffer, offset: number): number {
    if (this.#headerBytes === 0 && chunk.length - offset >= HEADER_BYTES) {
      this.#open(chunk, offset);
      return HEADER_BYTES;
    }
    const end = Math.min(chunk.length, offset + HEADER_BYTES - this.#headerBytes);
    this.#headerBytes += chunk.copy(this.#header, this.#headerBytes, offset, end);
    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#open(this.#header, 0);
    }
    return end - offset;
  }

  #open(bytes: Buffer, offset: number): void {
    const kind = bytes[offset] ?? 0;
    if (kind > DAEMON_ERROR || bytes.readUIntBE(offset + 1, 3) !== 0) {
      const header = bytes.toString('hex', offset, offset + HEADER_BYTES);
      throw new Error(`the stream is malformed: a frame begins with 0x${header}`);
    }
    this.#missing = bytes.readUInt32BE(offset + LENGTH_OFFSET);
    this.#begins = true;
    // 0 is stdin, which the daemon writes to nobody; moby's own reader takes it for stdout.
    this.#stream = kind === DAEMON_ERROR ? undefined : kind === 2 ? 'stderr' : 'stdout';
  }

  #takePayload(chunk: Buffer, offset: number): number {
    const bytes = chunk.subarray(offset, offset + this.#missing);
    this.#missing -= bytes.length;
    const ends = this.#missing === 0;
    if (this.#stream === undefined) this.#takeError(bytes, ends);
    else this.#onPiece({ stream: this.#stream, bytes, begins: this.#begins, ends });
    this.#begins = false;
    return bytes.length;
  }

  #takeError(bytes: Buffer, ends: boolean): void {
    this.#daemonError += bytes.toString('latin1', 0, MOST_ERROR_BYTES - this.#daemonError.length);
    if (ends || this.#daemonError.length >= MOST_ERROR_BYTES) {
      throw new Error(`the daemon says: ${this.#daemonError.trim()}`);
    }
  }
}
