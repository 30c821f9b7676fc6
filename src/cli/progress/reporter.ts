import type { UsedImage } from '../../contract/run-outcome.js';
import type { PlannedRun, TrainingProgress } from '../../contract/runtime.js';
import type { RunEvent } from '../../contract/run-event.js';
import type { SetupProgress } from '../services.js';

/** A run as it is watched on stderr. Driven by what it is told only; it asks nobody. */
export interface ProgressReporter {
  /** Engine or image is being looked for, or built. */
  readonly onSetup: SetupProgress;
  /** The image is chosen that the run will be in. */
  readonly onImage: (image: UsedImage) => void;
  /** The run is on disk. */
  readonly onPlanned: (run: PlannedRun) => void;
  readonly onEvent: (event: RunEvent) => void;
  /** After each step; must be quick. */
  readonly onProgress: (progress: TrainingProgress) => void;
  /** Leaves the terminal on a fresh line. More may be reported after it. */
  readonly finish: () => void;
}

export const silentReporter: ProgressReporter = {
  onSetup: () => undefined,
  onImage: () => undefined,
  onPlanned: () => undefined,
  onEvent: () => undefined,
  onProgress: () => undefined,
  finish: () => undefined,
};
