import { toRunnerError } from '../../common/errors.js';
import { linkedController } from '../../orchestrator/linked-controller.js';
import type { WarmPlan } from '../training/prepare-warm.js';

export interface WarmTrainer {
  readonly warm: WarmPlan;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/**
 * Runs `work` once a trainer waits, which is not part of it. The pool ends as soon as its one trainer is taken: it would
 * start the next one beside the run that is measured. None waits while another side runs, which might take it.
 */
export async function withWarmTrainer<T>(
  { warm, signal, note }: WarmTrainer,
  work: () => Promise<T>,
): Promise<T> {
  using over = linkedController(signal);
  let told: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => (told = resolve));
  let wasReady = false;
  const kept = warm.keep({
    size: 1,
    signal: over.controller.signal,
    onSize: (waiting) => {
      if (wasReady && waiting === 0) over.controller.abort();
      wasReady ||= waiting > 0;
      if (wasReady) told();
    },
  });
  try {
    await Promise.race([isReady, kept]);
    signal.throwIfAborted();
    return await work();
  } finally {
    over.controller.abort();
    // The run is what counts; `runner gc` removes what this could not.
    await kept.catch((error: unknown) => note(toRunnerError(error).message));
  }
}
