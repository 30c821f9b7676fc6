import type { Clock } from '../../../src/common/clock.js';
import type { Job } from '../../../src/contract/job.js';
import type { UsedImage } from '../../../src/contract/run-outcome.js';
import type { DaemonConnection } from '../connection/connection.js';
import type { WatchTiming } from './watch.js';

export interface DockerParts {
  readonly connection: DaemonConnection;
  /** What to run; without, as for a run that is taken over, the image that its journal names, or else its spec. */
  readonly image: UsedImage | undefined;
  readonly job: Pick<Job, 'dataFiles'>;
  readonly clock: Clock;
  /** The process that a container belongs to, for its label: `host/pid/start`. */
  readonly owner: string;
  /** Phases that were over before, in milliseconds. */
  readonly earlierPhases?: Readonly<Record<string, number>>;
  /** Told when the run does not get what it asked for, such as a GPU that it only preferred. */
  readonly onNotice?: (text: string) => void;
  readonly timing: WatchTiming;
  /** Driver and options of the volume for results; the daemon's own local driver without. */
  readonly outVolume?: { readonly Driver: string; readonly DriverOpts: Record<string, string> };
}
