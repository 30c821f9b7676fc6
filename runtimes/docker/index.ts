import type { PlannedRun, Runtime, RuntimeOptions, TrainerExit } from '../../src/contract/runtime.js';
import { Attempt } from './container/attempt.js';
import type { DockerParts } from './container/parts.js';
import { WATCH_TIMING, type WatchTiming } from './container/watch.js';

export type DockerRuntimeParts = Omit<DockerParts, 'timing'> & { readonly timing?: Partial<WatchTiming> };

/**
 * Trains in a container that is trusted with nothing. It outlives this process: `run` of a run that a killed
 * process has left goes on where that was, whether the container is yet to be started, runs, or has ended.
 */
export function createDockerRuntime({ timing, ...parts }: DockerRuntimeParts): Runtime {
  const all: DockerParts = { ...parts, timing: { ...WATCH_TIMING, ...timing } };
  return {
    mode: 'docker',
    // Async, so that a journal that cannot be read is a rejection, too.
    run: async (run: PlannedRun, options: RuntimeOptions): Promise<TrainerExit> =>
      new Attempt(run, all).run(options),
    release: async (run: PlannedRun): Promise<void> => new Attempt(run, all).release(),
  };
}
