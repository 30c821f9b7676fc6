/** Where a run's artifacts go: a port with one adapter a scheme (mlflow-artifacts:, s3:, file:). */
import type { ContentDigest } from '../../common/content-digest.js';
import type { StorePatience } from './store-retry.js';

/** A file, and what proves that it is still the one that is meant. */
export interface ArtifactFile extends ContentDigest {
  /** From the root of the run's artifacts, with slashes: `model/tfjs/model.json`. */
  readonly path: string;
  /** Absolute, on this machine. */
  readonly file: string;
  /** Told of each piece that is read on its way. */
  readonly onRead?: () => void;
}

/** What the store holds otherwise than it was sent. */
export interface Mismatch {
  readonly path: string;
  readonly why: 'missing' | 'size' | 'sha256';
}

export interface ArtifactStore {
  /** For messages; without credentials. */
  readonly uri: string;
  /** How many small files side by side pay off there; more only queue up. */
  readonly concurrency: number;
  /** How often a file is tried, if not as often as any store is worth. */
  readonly patience?: StorePatience;
  /**
   * Sends one file whole, streamed; the same again replaces it. What is read is hashed as it goes.
   * @throws RunnerError `artifact-changed` if the file is gone or is no longer what its digest says,
   *   `artifact-store-unreachable`, `artifact-store-forbidden`, `bucket-missing`, `clock-skewed`;
   *   the signal's reason once it is aborted
   */
  put(file: ArtifactFile, signal: AbortSignal): Promise<void>;
  /**
   * Compares what the store holds with what was sent: sizes by listing, or with `deep` every byte by reading it back.
   * @returns what differs; empty if all is there
   */
  verify(
    files: readonly ArtifactFile[],
    options: { readonly deep: boolean; readonly signal: AbortSignal },
  ): Promise<readonly Mismatch[]>;
  /** Ends connections; nothing else may be called after. */
  close(): void;
}
