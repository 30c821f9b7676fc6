/** Where a run's artifacts are read from: the same adapters as `ArtifactStore`, for whoever writes nothing. */
export interface ArtifactSource {
  /** For messages; without credentials. */
  readonly uri: string;
  /**
   * What lies there, as it comes.
   * @param path from the root of the run's artifacts, with slashes
   * @returns null if there is no such file
   * @throws RunnerError `artifact-store-unreachable`, `artifact-store-forbidden`, `bucket-missing`, `clock-skewed`,
   *   also while it comes; the signal's reason once it is aborted
   */
  read(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | null>;
  /** Ends connections; nothing else may be called after. */
  close(): void;
}
