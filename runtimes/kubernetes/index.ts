import type { PlannedRun, Runtime, RuntimeOptions, TrainerExit } from '../../src/contract/runtime.js';
import { Attempt } from './attempt.js';
import { TIMING, type KubernetesParts, type KubernetesTiming } from './parts.js';

export type KubernetesRuntimeParts = Omit<KubernetesParts, 'timing'> & {
  readonly timing?: Partial<KubernetesTiming>;
};

/**
 * Trains in a pod that is trusted with nothing: what goes in and what comes out passes through a store, by addresses
 * that are signed for just that. It outlives this process: `run` of a run that a killed process has left goes on where
 * that was.
 */
export function createKubernetesRuntime({ timing, ...parts }: KubernetesRuntimeParts): Runtime {
  const all: KubernetesParts = { ...parts, timing: { ...TIMING, ...timing } };
  return {
    mode: 'kubernetes',
    // Async, so that a journal that cannot be read is a rejection, too.
    run: async (run: PlannedRun, options: RuntimeOptions): Promise<TrainerExit> =>
      new Attempt(run, all).run(options),
    release: async (run: PlannedRun): Promise<void> => new Attempt(run, all).release(),
  };
}
