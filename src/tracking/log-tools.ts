/** What recording a run is done with, whether it has ended or goes on. */
import type { Clock } from '../common/clock.js';
import type { ArtifactStore } from './artifacts/artifact-store.js';
import type { TrackingServer } from './mlflow/tracking-server.js';
import type { DescribedRun } from './record/describe-run.js';
import type { Destination } from './tracking-state.js';

export interface LogTools {
  readonly server: TrackingServer;
  /** What tracking.json knows it by. */
  readonly destination: string;
  /** At what is not repeated by itself, at least 1. */
  readonly attempts: number;
  /** Milliseconds for all that is asked of the server before the artifacts; undefined for as long as it takes. */
  readonly allowedMs: number | undefined;
  /** @param of the run: `artifactUri` is its own, or that of its model */
  openStore(
    artifactUri: string,
    of: Pick<Destination, 'runId' | 'artifactUri'>,
    signal: AbortSignal,
  ): Promise<ArtifactStore>;
  /** Of this process: for a run that does not say where it was asked for. */
  readonly environment: () => Promise<DescribedRun['environment']>;
  readonly clock: Clock;
}
