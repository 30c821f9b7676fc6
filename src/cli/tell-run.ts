/** A finished run as `runner train` tells it. */
import { toRunnerError } from '../common/errors.js';
import { EXIT } from '../contract/errors.js';
import type { RunnerError } from '../contract/errors.js';
import type { RunOutcome } from '../contract/run-outcome.js';
import { errorOfOutcome } from '../orchestrator/failure.js';
import type { FinishedRun } from '../orchestrator/finish-run.js';
import { printable } from '../report/printable.js';
import { renderRunSummary } from '../report/terminal.js';
import type { CliContext } from './context.js';
import { wantsColour } from './io.js';
import { describeFailure } from './output.js';
import type { Output } from './output.js';
import { picturesOf } from './pictures.js';
import type { Interruption } from './signals.js';

/**
 * Success and failure alike: the run is the result, whatever became of it.
 * @param members of the document, besides
 * @returns the exit status
 */
export function tellRun(
  { io, output }: CliContext,
  run: FinishedRun,
  interruption: Pick<Interruption, 'exitStatus'>,
  members: object = {},
): number {
  const failure = failureOf(run);
  const status = failure?.exitStatus ?? successStatus(run.outcome, interruption);
  const error = failure && { ...describeFailure(failure.error), exitCode: failure.exitStatus };
  output.result({ ...trainDocument(run), ...leftoverMember(run), ...members, ...(error && { error }) }, () =>
    renderRunSummary(
      { ...run, pictures: picturesOf(run.runDir) },
      { colour: wantsColour(io.stdout, io.env) },
    ),
  );
  if (failure) output.explain(failure.error);
  noteLeftover(output, run);
  if (run.outcome.status === 'lost' && ['docker', 'kubernetes'].includes(run.spec.mode)) {
    output.note(
      `What there is of it is kept: \`runner runs attach ${run.runId}\` or \`runner recover\` goes on with it.`,
    );
  }
  return status;
}

/** What there is of a run that was stopped, and how to train it anew. @param needsRetry for its key */
export async function cancelledLine(
  { runId, runDir, outcome }: Pick<FinishedRun, 'runId' | 'runDir' | 'outcome'>,
  { needsRetry }: { readonly needsRetry: boolean },
): Promise<string> {
  const again = `the same command${needsRetry ? ' with --retry' : ''} trains anew, from the start`;
  if (outcome.training.stepsCompleted === 0) return `Nothing was trained: ${again}.`;
  // A trainer that had to be killed was somewhere between two checkpoints: only the files tell.
  const { newestCheckpointStep } = await import('../trainer/checkpoints/folder.js');
  const step = await newestCheckpointStep(runDir);
  return step === null
    ? `Run ${runId} keeps no checkpoint: ${again}.`
    : `Run ${runId} keeps a checkpoint of step ${step}, which \`runner evaluate ${runId}\` takes. No run goes on from a checkpoint: ${again}.`;
}

type Leaving = Pick<FinishedRun, 'leftover'>;

/** What stays of a run elsewhere is told beside how it ended, and changes nothing of that. */
export function noteLeftover(output: Output, { leftover }: Leaving): void {
  if (leftover) output.note(printable(`${leftover.message} ${leftover.hint}`));
}

/** The same for a document. */
export const leftoverMember = ({ leftover }: Leaving) =>
  leftover === undefined ? {} : { leftover: describeFailure(leftover) };

/**
 * What `runner train --json` prints; `testAccuracy` only where the run was evaluated, `image` and `trainer` where the
 * trainer had one, or was a process of its own.
 */
function trainDocument({ runId, runDir, outcome }: FinishedRun) {
  const { training, resources } = outcome;
  return {
    runId,
    runDir,
    mode: outcome.mode,
    status: outcome.status,
    reason: outcome.reason,
    exitCode: outcome.exitCode,
    signal: outcome.signal,
    image: outcome.image,
    weightsDigest: training.weightsDigest,
    testAccuracy: training.testAccuracy,
    finalLoss: training.finalLoss,
    finalAccuracy: training.finalAccuracy,
    imagesPerSecond: training.imagesPerSecond,
    phases: outcome.phases,
    peakRssBytes: resources.peakRssBytes,
    cpuSeconds: resources.cpuSeconds,
    wallMs: resources.wallMs,
    trainer: outcome.trainer,
  };
}

interface Failure {
  readonly error: RunnerError;
  readonly exitStatus: number;
}

/** The error behind a run that ended badly, as it was when it ended. */
function failureOf({ outcome, error }: FinishedRun): Failure | undefined {
  if (outcome.status === 'succeeded' || outcome.status === 'cancelled') return undefined;
  const known = error === undefined ? errorOfOutcome(outcome) : toRunnerError(error);
  return { error: known, exitStatus: outcome.exitStatus ?? known.exitCode };
}

/** Who asked for the end of a run that was cancelled is in its outcome: that process may have been another. */
const successStatus = (
  { status, exitStatus: recorded }: RunOutcome,
  { exitStatus }: Pick<Interruption, 'exitStatus'>,
): number => (status === 'cancelled' ? (recorded ?? exitStatus() ?? EXIT.interrupted) : EXIT.succeeded);
