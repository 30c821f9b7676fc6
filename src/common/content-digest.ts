/** What proves that a file is the one that was written: the sha256 of all of it, and of a large one that of its parts. */
import { createHash, type Hash } from 'node:crypto';

const MIB = 1024 * 1024;
/**
 * The parts in which S3 is sent a file: it takes none below 5 MiB, and larger ones need fewer signatures and answers.
 * Each part is signed by its own sha256; where that of the parts is known beforehand, it proves the file, too.
 */
export const PART_BYTES = 8 * MIB;

export interface PartsDigest {
  /** Of each part but the last. */
  readonly bytes: number;
  /** Of the parts' sha256 one after the other, 32 bytes each, as S3 has it of an upload in parts; hexadecimal. */
  readonly sha256: string;
}

export interface ContentDigest {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Of what has more than one part. */
  readonly parts?: PartsDigest | undefined;
}

/** Hashes content as it comes, in pieces of any size. What fits into one part is hashed once. */
export class ContentHash {
  readonly #whole = createHash('sha256');
  readonly #parts = createHash('sha256');
  /** Of the part that has begun; undefined during the first, which is the whole so far. */
  #part: Hash | undefined;
  #bytes = 0;

  update(content: Uint8Array): this {
    for (let rest = content; rest.length > 0;) {
      const filled = this.#bytes % PART_BYTES;
      if (filled === 0 && this.#bytes > 0) {
        this.#endPart();
        this.#part = createHash('sha256');
      }
      const piece = rest.subarray(0, PART_BYTES - filled);
      this.#whole.update(piece);
      this.#part?.update(piece);
      this.#bytes += piece.length;
      rest = rest.subarray(piece.length);
    }
    return this;
  }

  /** Nothing may be added after it. */
  digest(): ContentDigest {
    const digest = { bytes: this.#bytes, sha256: this.#whole.digest('hex') };
    if (this.#part === undefined) return digest;
    this.#endPart();
    return { ...digest, parts: { bytes: PART_BYTES, sha256: this.#parts.digest('hex') } };
  }

  #endPart(): void {
    this.#parts.update((this.#part ?? this.#whole.copy()).digest());
  }
}
