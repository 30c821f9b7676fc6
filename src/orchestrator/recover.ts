/** Runs whose process died: found, taken over, and brought to an outcome. */
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { attachSuppressed } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { readRequest } from '../common/run-files.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import type { RunRequestRecord } from '../contract/run-request.js';
import { NO_TRAINING } from '../contract/run-outcome.js';
import type { PlannedRun, Runtime, RuntimeOptions, TrainerExit } from '../contract/runtime.js';
import { exitOfRecord, readExitRecord } from '../isolation/exit-record.js';
import { untilTrainerIsOver } from '../isolation/trainer-process.js';
import type { OrphanTiming } from '../isolation/trainer-process.js';
import { readSoFar } from '../isolation/training-so-far.js';
import { clear, finishRun, leftoverOf } from './finish-run.js';
import type { FinishedRun, RunTools } from './finish-run.js';
import { claimKey } from './keyed-run.js';
import { listRuns } from './list-runs.js';
import { isOwned } from './owner.js';
import { hasEnded, readRun } from './read-run.js';
import type { RunWithOutcome, StoredRun } from './read-run.js';
import { meterSince } from './resources.js';
import { timeOfRunId } from './run-id.js';
import { takeOver } from './take-over.js';

export interface RecoveryTools extends Pick<RunTools, 'clock' | 'onTakenOver'> {
  /** The runtime of a mode whose trainer outlives the process that started it. */
  readonly createRuntime: (run: StoredRun) => Promise<Runtime>;
  /** How long a trainer may take to notice that its process has died. */
  readonly orphan?: Partial<OrphanTiming>;
}

/** Modes whose trainer goes on when the process that started it has died. */
const OUTLIVES: readonly string[] = ['docker', 'kubernetes'];
const outlives = ({ spec }: StoredRun): boolean => OUTLIVES.includes(spec.mode);

/** The runs of a runs directory that nobody brings to their end, oldest first. */
export async function listAbandoned(runsDir: string): Promise<StoredRun[]> {
  const runs = await listRuns(runsDir);
  const abandoned: StoredRun[] = [];
  for (const run of runs.reverse()) {
    if (run.state !== 'unreadable' && (await isAbandoned(run))) abandoned.push(run);
  }
  return abandoned;
}

/**
 * Nobody alive owns it, and it has no outcome, or one that says that it was lost sight of and may yet be found, or
 * what it has made elsewhere is not cleared away.
 */
export async function isAbandoned(run: StoredRun): Promise<boolean> {
  if (await isOwned(run.runDir)) return false;
  return !hasEnded(run) || (outlives(run) && (await isUncleared(run.runDir)));
}

/**
 * Whether a living process still clears away what an ended run has made elsewhere: how long that took, and what the
 * run took altogether, it then writes into the outcome.
 */
export const isBeingCleared = async (run: RunWithOutcome): Promise<boolean> =>
  outlives(run) &&
  run.outcome.status !== 'lost' &&
  run.outcome.phases.remove === undefined &&
  (await isOwned(run.runDir));

/** Whether it has no outcome, or none that is final. */
export const mayGoOn = (run: StoredRun): boolean =>
  !hasEnded(run) || (run.outcome.status === 'lost' && outlives(run));

/**
 * Brings a run to its outcome that its process has left: where the trainer outlived that process it goes on, else
 * the outcome says that it is lost, and how far it had got. Of one that has its outcome, what is left elsewhere is
 * cleared away; what keeps it from that is its `leftover`.
 * @throws RunnerError `run-busy` if somebody alive owns it; as `finishRun`; what `createRuntime` throws, and the run
 *   is then as before
 */
export async function finishAbandoned(
  run: StoredRun,
  options: RuntimeOptions,
  tools: RecoveryTools,
): Promise<FinishedRun> {
  const request = await readRequest(run.runDir);
  if (!(await takeOver(run))) {
    throw new RunnerError('run-busy', `Run ${run.runId} belongs to a process that lives.`);
  }
  const { runId, runDir, spec } = run;
  const planned: PlannedRun = { runId, runDir, spec, evaluate: request?.evaluate ?? false };
  // Somebody else may have brought it to its end since it was looked at.
  const found = await readRun(run);
  if (hasEnded(found) && !mayGoOn(found)) return clearEnded(planned, found, tools);
  const runtime = await runtimeOf(found, request, tools);
  // A reader then sees it as running; a successor, as without an outcome.
  await rm(runPath(runDir, 'outcome'), { force: true });
  const startedAt = request?.startedAt ?? timeOfRunId(runId);
  const meter = meterSince(startedAt, tools.clock);
  return finishRun(planned, { ...options, startedAt }, { ...tools, runtime, meter });
}

async function clearEnded(
  planned: PlannedRun,
  run: RunWithOutcome,
  { createRuntime }: RecoveryTools,
): Promise<FinishedRun> {
  const { outcome } = run;
  const ended = { ...planned, outcome };
  if (!outlives(run) || !(await isUncleared(run.runDir))) return ended;
  const leftover = await createRuntime(run).then(
    (runtime) => clear(runtime, planned, outcome),
    (error: unknown) => leftoverOf(outcome, error),
  );
  return leftover === undefined ? ended : { ...ended, leftover };
}

async function runtimeOf(
  run: StoredRun,
  request: RunRequestRecord | undefined,
  { createRuntime, orphan }: RecoveryTools,
): Promise<Runtime> {
  if (!outlives(run)) return endedRuntime(run, () => lostExit(run.runDir, orphan));
  const { key } = request ?? {};
  // Who was killed before the key was claimed has begun nothing; another run may have got the key since.
  if (key !== undefined && !(await claimKey(dirname(run.runDir), key, run))) {
    return endedRuntime(run, () => Promise.resolve(superseded(key)));
  }
  return createRuntime(run);
}

/** The last entry of a journal that is through. */
const removedSchema = z.object({ step: z.literal('removed') });

/** Whether the journal tells of something that was made and not removed. */
export async function isUncleared(runDir: string): Promise<boolean> {
  const path = runPath(runDir, 'journal');
  if (!(await exists(path))) return false;
  const last = (await readFile(path, 'utf8')).trimEnd().split('\n').at(-1) ?? '';
  try {
    return !removedSchema.safeParse(JSON.parse(last)).success;
  } catch {
    // The last line was cut short.
    return true;
  }
}

/** There is nothing to go on with: of a trainer that has died with its process there is what it wrote. */
const endedRuntime = ({ spec }: StoredRun, run: () => Promise<TrainerExit>): Runtime => ({
  mode: spec.mode,
  run,
});

async function lostExit(runDir: string, orphan: RecoveryTools['orphan']): Promise<TrainerExit> {
  await untilTrainerIsOver(runDir, orphan);
  const message = 'The process that the run belonged to is gone, and its trainer with it.';
  const error = new RunnerError('killed', message);
  const base = { exitCode: null, signal: null, status: 'lost', reason: 'killed', message, error } as const;
  const record = await readExitRecord(runDir);
  if (record !== undefined) {
    // An isolated trainer notices, and ends in good order; it may just have been through.
    const exit = exitOfRecord(record);
    return record.status === 'cancelled' ? { ...exit, ...base } : exit;
  }
  try {
    return { ...base, ...(await readSoFar(runDir)) };
  } catch (thrown) {
    // Lost it is all the same, only not how far it had got.
    return { ...base, phases: {}, training: NO_TRAINING, error: attachSuppressed(error, [thrown]) };
  }
}

const superseded = (key: string): TrainerExit => ({
  ...{ status: 'cancelled', reason: 'interrupted', exitCode: null, signal: null, phases: {} },
  message: `Nothing was trained: another run has the key "${key}".`,
  training: NO_TRAINING,
});
