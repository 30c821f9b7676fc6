import { RunnerError } from '../contract/errors.js';
import type { StepState } from '../engine/trace/index.js';
import { readNewestCheckpoint } from './checkpoints/folder.js';
import { weightsDigest } from './weights-digest.js';

/**
 * The state of a run with the weights it kept: those whose digest its outcome names, or, where it names none
 * because the run failed, the best of the newest checkpoint.
 * @throws RunnerError `run-unfinished` if there is no checkpoint, `run-corrupt` if it holds other weights
 */
export async function readKeptWeights(
  { runId, runDir }: { readonly runId: string; readonly runDir: string },
  digest: string | null,
): Promise<StepState> {
  const checkpoint = await readNewestCheckpoint(runDir);
  if (checkpoint === null) {
    throw new RunnerError(
      'run-unfinished',
      `Run ${runId} has no checkpoint: there are no weights to evaluate.`,
      {
        hint: 'Train again; a checkpoint is written at the end of every epoch.',
      },
    );
  }
  const { state, best } = checkpoint;
  const candidates = best === null ? [state.weights] : [best, state.weights];
  const kept = candidates.find((weights) => digest === null || weightsDigest(weights) === digest);
  if (kept === undefined) {
    throw new RunnerError(
      'run-corrupt',
      `The newest checkpoint of run ${runId} does not hold the weights ${digest}.`,
    );
  }
  return { ...state, weights: kept };
}
