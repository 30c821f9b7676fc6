/** Runs whose process died: found, taken over, and brought to an outcome. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Clock } from '../common/clock.js';
import { isErrno } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { runRequestSchema } from '../contract/run-request.js';
import type { RunRequestRecord } from '../contract/run-request.js';
import type { PlannedRun, Runtime, RuntimeOptions, TrainerExit } from '../contract/runtime.js';
import { exitOfRecord, readExitRecord } from '../isolation/exit-record.js';
import { readSoFar } from '../isolation/training-so-far.js';
import { finishRun } from './finish-run.js';
import type { FinishedRun } from './finish-run.js';
import { listRuns } from './list-runs.js';
import { hasEnded } from './read-run.js';
import type { StoredRun } from './read-run.js';
import type { ResourceMeter } from './resources.js';
import { takeOver } from './take-over.js';

export interface RecoveryTools {
  /** The runtime of a mode whose trainer outlives the process that started it. */
  readonly createRuntime: (run: StoredRun) => Promise<Runtime>;
  readonly clock: Clock;
  readonly meter: ResourceMeter;
}

/** Modes whose trainer goes on when the process that started it has died. */
const OUTLIVES: readonly string[] = ['docker'];

/** The runs of a runs directory that nobody brings to their end, oldest first. */
export async function listAbandoned(runsDir: string): Promise<StoredRun[]> {
  const runs = await listRuns(runsDir);
  const abandoned: StoredRun[] = [];
  for (const run of runs.reverse()) {
    if (run.state !== 'unreadable' && (await isAbandoned(run))) abandoned.push(run);
  }
  return abandoned;
}

/** Nobody alive owns it, and it has no outcome, or one that says that it was lost sight of and may yet be found. */
export async function isAbandoned(run: StoredRun): Promise<boolean> {
  if (!hasEnded(run)) return run.state === 'unfinished';
  if (run.outcome.status !== 'lost' || !OUTLIVES.includes(run.spec.mode)) return false;
  return hasMoreToFind(run.runDir);
}

/**
 * Brings a run to its outcome that its process has left: where the trainer outlived that process it goes on, else
 * the outcome says that it is lost, and how far it had got.
 * @throws RunnerError `run-busy` if somebody alive owns it; as `finishRun`
 */
export async function finishAbandoned(
  run: StoredRun,
  options: RuntimeOptions,
  tools: RecoveryTools,
): Promise<FinishedRun> {
  if (!(await takeOver(run))) {
    throw new RunnerError('run-busy', `Run ${run.runId} belongs to a process that lives.`);
  }
  const { runId, runDir, spec } = run;
  const request = await readRequest(runDir);
  const planned: PlannedRun = { runId, runDir, spec, evaluate: request?.evaluate ?? false };
  const runtime = OUTLIVES.includes(spec.mode) ? await tools.createRuntime(run) : lostRuntime(run);
  return finishRun(
    planned,
    { ...options, startedAt: request?.startedAt ?? tools.clock.now() },
    { ...tools, runtime },
  );
}

/** @throws RunnerError `run-corrupt` */
export async function readRequest(runDir: string): Promise<RunRequestRecord | undefined> {
  const path = runPath(runDir, 'request');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return runRequestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new RunnerError('run-corrupt', `${path} is no request.`, { cause: error });
  }
}

/** The last entry of a journal that is through. */
const removedSchema = z.object({ step: z.literal('removed') });

async function hasMoreToFind(runDir: string): Promise<boolean> {
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

/** Of a trainer that has died with its process there is what it wrote. */
function lostRuntime({ runDir, spec }: StoredRun): Runtime {
  return { mode: spec.mode, run: () => lostExit(runDir) };
}

async function lostExit(runDir: string): Promise<TrainerExit> {
  const message = 'The process that the run belonged to has died, and its trainer with it.';
  const error = new RunnerError('killed', message);
  const base = { exitCode: null, signal: null, status: 'lost', reason: 'killed', message, error } as const;
  const record = await readExitRecord(runDir);
  if (record !== undefined) {
    // An isolated trainer notices, and ends in good order; it may just have been through.
    const exit = exitOfRecord(record);
    return record.status === 'cancelled' ? { ...exit, ...base } : exit;
  }
  return { ...base, ...(await readSoFar(runDir)) };
}
