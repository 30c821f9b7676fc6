import { setMaxListeners } from 'node:events';
import { PART_BYTES } from '../../common/content-digest.js';
import { attachSuppressed } from '../../common/errors.js';
import type { ArtifactFile } from './artifact-store.js';
import { readChecked, type Piece } from './checked-file.js';

/** A begun upload in parts, of whatever store. */
export interface PartedUpload {
  /** Whether each part must come with its sha256. */
  readonly signsParts: boolean;
  /** Parts are numbered from 1, and come in any order. */
  sendPart(number: number, part: Piece, signal: AbortSignal): Promise<void>;
  /** Makes the parts one object: until then the store shows nothing. */
  complete(signal: AbortSignal): Promise<void>;
  /** Has the store forget the parts. */
  abort(signal: AbortSignal): Promise<void>;
}

const MIB = 1024 * 1024;
/** As many as S3 takes. */
const MOST_PARTS = 10_000;
/** What the parts on their way may take of memory, however large the file. */
const IN_FLIGHT_BYTES = 32 * MIB;
/** Cleaning up goes on after the signal that ended the upload, but not for ever. */
const ABORT_TIMEOUT_MS = 15_000;

/**
 * What beginning an upload may take. The caller's signal does not end it: one that is cancelled on its way may have
 * begun all the same, and nobody would know which to end.
 */
export const BEGIN_WITHIN_MS = 15_000;

export interface PartPlan {
  readonly partBytes: number;
  readonly parts: number;
  readonly concurrency: number;
}

/** How a file of this size is cut. */
export function planParts(bytes: number): PartPlan {
  const partBytes = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS / MIB) * MIB);
  return {
    partBytes,
    parts: Math.max(1, Math.ceil(bytes / partBytes)),
    concurrency: Math.max(1, Math.floor(IN_FLIGHT_BYTES / partBytes)),
  };
}

/**
 * Sends a file in parts, some at a time, from a fixed set of buffers. It is made whole only if it was, to the last
 * byte, what its digest says; on any failure nothing is left in the store.
 * @throws what failed first; what failed in cleaning up is kept under `suppressed`
 */
export async function sendInParts(
  file: ArtifactFile,
  upload: PartedUpload,
  { partBytes, concurrency }: PartPlan,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  // One or two for each part that is under way are no leak.
  setMaxListeners(Infinity, either);
  const inFlight = new Set<Promise<void>>();
  const free: Buffer[] = [];
  const takeBuffer = (): Buffer => free.pop() ?? Buffer.allocUnsafeSlow(partBytes);
  try {
    let number = 0;
    const parts = readChecked(file, { takeBuffer, digests: upload.signsParts, signal: either });
    for await (const part of parts) {
      const { buffer, byteOffset } = part.content;
      const sent = upload.sendPart(++number, part, either).then(() => {
        inFlight.delete(sent);
        free.push(Buffer.from(buffer, byteOffset, partBytes));
      });
      // Seen by whoever waits next: one that has failed stays in the set.
      sent.catch(() => undefined);
      inFlight.add(sent);
      if (inFlight.size >= concurrency) await Promise.race(inFlight);
    }
    await Promise.all(inFlight);
    signal.throwIfAborted();
    await upload.complete(signal);
  } catch (error) {
    // A part that arrives after the abort would stay: all are ended first.
    failed.abort();
    await Promise.allSettled(inFlight);
    const cleaning = upload.abort(AbortSignal.timeout(ABORT_TIMEOUT_MS));
    const problems = await cleaning.then(
      () => [],
      (problem: unknown) => [problem],
    );
    throw attachSuppressed(error, problems);
  }
}
