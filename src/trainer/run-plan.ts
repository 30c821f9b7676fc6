import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { writeJsonAtomic } from '../common/atomic-file.js';
import { systemClock } from '../common/clock.js';
import { toRunnerError } from '../common/errors.js';
import { describeIssues } from '../common/parse.js';
import { EXIT, RunnerError } from '../contract/errors.js';
import type { Job } from '../contract/job.js';
import { reasonOfError } from '../contract/reason.js';
import { runPath } from '../contract/run-directory.js';
import type { TrainerExit } from '../contract/runtime.js';
import { TRAINER_SCHEMA_VERSION, trainerPlanSchema } from '../contract/trainer-program.js';
import type { TrainerExitRecord, TrainerPlan } from '../contract/trainer-program.js';
import type { Engine } from '../engine/engine.js';
import { readEngine } from '../engine/find-engine.js';
import { loadTensorFlow } from '../engine/load.js';
import { createMessenger } from './messenger.js';
import type { Messenger } from './messenger.js';
import { trainRun } from './train-run.js';
import { TrainingRecord } from './training-record.js';

export interface PlanRequest {
  /** File with the plan, or `-` for the first line of the standard input. */
  readonly planPath: string;
  readonly outDir: string;
  /** Folder of a finished engine: engine.json, the binding, lib/. */
  readonly engineDir: string;
  /** The end of the standard input, which is the end of whoever holds it, cancels the run. */
  readonly endWithStdin: boolean;
  /** Load TensorFlow with so many threads, then wait for a line on the standard input before the plan is read. */
  readonly warmThreads?: number;
  readonly findJob: (name: string) => Job;
}

/**
 * Trains the plan and says how it ended, in exit.json and as the last message. A trainer that cannot even do that
 * ends with an exit status that says why.
 * @returns the exit status
 */
export async function runPlan(request: PlanRequest): Promise<number> {
  const messenger = createMessenger(process.stdout.fd);
  const startedAt = systemClock.elapsed();
  const cancelled = listenForTheEnd(request);
  const exit = await kept(await trainToItsExit(request, startedAt, cancelled, messenger), request);
  messenger.send({ exit: toRecord(exit) });
  return exitStatus(exit);
}

/** A run that cannot say in its folder that it succeeded has not; of any other, the first error is the one to tell. */
async function kept(exit: TrainerExit, { outDir }: PlanRequest): Promise<TrainerExit> {
  try {
    await writeJsonAtomic(runPath(outDir, 'exit'), toRecord(exit));
    return exit;
  } catch (thrown) {
    return exit.status === 'succeeded' ? { ...exit, ...failure(thrown) } : exit;
  }
}

async function trainToItsExit(
  { planPath, outDir, engineDir, endWithStdin, warmThreads, findJob }: PlanRequest,
  startedAt: number,
  signal: AbortSignal,
  messenger: Messenger,
): Promise<TrainerExit> {
  try {
    const engine = engineIn(engineDir);
    if (warmThreads !== undefined) {
      loadTensorFlow(engine, { threads: warmThreads });
      await waitForWord(signal);
    }
    const plan = await readPlan(planPath);
    if (endWithStdin) process.stdin.resume();
    const job = findJob(plan.spec.job);
    const loadedFrom = systemClock.elapsed();
    const dataset = await loadChecked(job, plan);
    const earlierPhases = { trainerStartup: startedAt, data: systemClock.elapsed() - loadedFrom };
    const { runId, spec, evaluate } = plan;
    return await trainRun(
      { runId, runDir: outDir, spec, evaluate },
      {
        job,
        dataset,
        clock: systemClock,
        earlierPhases,
        loadTensorFlow: () => loadTensorFlow(engine, { threads: spec.threads }),
      },
      { signal, onEvent: (event) => messenger.send({ event }), onProgress: messenger.sendProgress },
    );
  } catch (thrown) {
    const training = new TrainingRecord().toResult();
    return { ...failure(thrown), exitCode: null, signal: null, phases: {}, training };
  }
}

function failure(thrown: unknown): Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'> {
  const error = toRunnerError(thrown);
  return { status: 'failed', reason: reasonOfError(error.code), message: error.message, error };
}

async function readPlan(path: string): Promise<TrainerPlan> {
  const text = path === '-' ? await firstLineOfStdin() : await readFile(path, 'utf8');
  const result = trainerPlanSchema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  throw new RunnerError('bad-spec', `The plan does not fit its schema: ${describeIssues(result.error)}.`);
}

async function firstLineOfStdin(): Promise<string> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  for await (const line of lines) return line;
  throw new RunnerError('bad-spec', 'The standard input ended before a plan came.');
}

/** One that is no longer wanted is ended while it waits. */
async function waitForWord(signal: AbortSignal): Promise<void> {
  signal.addEventListener('abort', () => process.stdin.destroy(), { once: true });
  await firstLineOfStdin();
}

function engineIn(dir: string): Engine {
  const engine = readEngine(dir);
  if (engine !== undefined) return engine;
  throw new RunnerError('engine-missing', `There is no finished engine in ${dir}.`);
}

/** What was put in is what was asked for: the spec names the data by their digest. */
async function loadChecked(job: Job, { spec, dataDir }: TrainerPlan) {
  const dataset = await job.loadData(dataDir);
  if (dataset.digest === spec.data.digest) return dataset;
  throw new RunnerError(
    'bad-data',
    `The data in ${dataDir} are not those of the spec: expected ${spec.data.digest}, found ${dataset.digest}.`,
  );
}

/** Aborted when the trainer is asked to end: by a signal, or by the end of whoever started it. */
function listenForTheEnd({ endWithStdin }: PlanRequest): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new Error('cancelled'));
  process.on('SIGTERM', abort).on('SIGINT', abort).on('SIGHUP', abort);
  if (endWithStdin) process.stdin.on('end', abort).on('error', abort);
  return controller.signal;
}

function toRecord(exit: TrainerExit): TrainerExitRecord {
  const error = exit.error === undefined ? null : toRunnerError(exit.error);
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    schemaVersion: TRAINER_SCHEMA_VERSION,
    status: exit.status as TrainerExitRecord['status'],
    reason: exit.reason,
    message: exit.message,
    error: error && { code: error.code, hint: error.hint },
    phases: { ...exit.phases },
    training: exit.training,
    usage: { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMemoryBytes: maxRSS * 1024 },
  };
}

function exitStatus({ status, error }: TrainerExit): number {
  if (status === 'succeeded') return EXIT.succeeded;
  if (status === 'cancelled') return EXIT.terminated;
  return error === undefined ? EXIT.runFailed : toRunnerError(error).exitCode;
}
