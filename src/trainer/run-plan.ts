import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { endOfAbort } from '../common/abort-cause.js';
import { writeJsonAtomic } from '../common/atomic-file.js';
import { systemClock } from '../common/clock.js';
import type { Clock } from '../common/clock.js';
import { describeError } from '../common/errors.js';
import { describeIssues } from '../common/parse.js';
import { RunnerError } from '../contract/errors.js';
import type { ImageDataset, Job } from '../contract/job.js';
import { runPath } from '../contract/run-directory.js';
import type { TrainerExit } from '../contract/runtime.js';
import { trainerPlanSchema } from '../contract/trainer-program.js';
import type { TrainerExitRecord, TrainerPlan } from '../contract/trainer-program.js';
import type { Engine } from '../engine/engine.js';
import { readEngine } from '../engine/find-engine.js';
import { loadEngine, loadOptionsOf } from '../engine/load.js';
import { readWebgpuEngine } from '../engine/webgpu/find.js';
import { createMessenger } from './messenger.js';
import type { Messenger } from './messenger.js';
import { exitStatus, failure, toRecord } from './tell-exit.js';
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
  /** What is loaded before the plan is read, which may name something else. */
  readonly ahead?: { readonly threads: number; readonly job: string; readonly dataDir: string };
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
  const { exit, record } = await keep(
    await trainToItsExit(request, startedAt, cancelled, messenger),
    request,
  );
  messenger.send({ exit: record });
  return exitStatus(exit);
}

interface KeptExit {
  readonly exit: TrainerExit;
  readonly record: TrainerExitRecord;
}

/** A run that cannot say in its folder that it succeeded has not; of any other, the first error is the one to tell. */
async function keep(exit: TrainerExit, { outDir }: PlanRequest): Promise<KeptExit> {
  const record = toRecord(exit);
  try {
    await writeJsonAtomic(runPath(outDir, 'exit'), record);
    return { exit, record };
  } catch (thrown) {
    if (exit.status !== 'succeeded') return { exit, record };
    const failed = { ...exit, ...failure(thrown) };
    return { exit: failed, record: toRecord(failed) };
  }
}

async function trainToItsExit(
  { planPath, outDir, engineDir, endWithStdin, ahead, findJob }: PlanRequest,
  startedAt: number,
  signal: AbortSignal,
  messenger: Messenger,
): Promise<TrainerExit> {
  try {
    const engine = engineIn(engineDir);
    let given: ImageDataset | undefined;
    if (ahead !== undefined) {
      await loadEngine(engine, ahead);
      given = await findJob(ahead.job).loadData(ahead.dataDir);
      messenger.send({ state: 'waiting' });
    }
    const plan = await readPlan(planPath, signal);
    if (ahead !== undefined) messenger.send({ state: 'working' });
    if (endWithStdin) process.stdin.resume();
    // The time that it has waited is nobody's.
    const clock = ahead === undefined ? systemClock : startingNow();
    const job = findJob(plan.spec.job);
    const loadedFrom = clock.elapsed();
    const isGiven = plan.spec.job === ahead?.job && plan.dataDir === ahead.dataDir;
    const dataset = checked((isGiven ? given : undefined) ?? (await job.loadData(plan.dataDir)), plan);
    const data = clock.elapsed() - loadedFrom;
    // TensorFlow would be loaded for nothing.
    signal.throwIfAborted();
    const earlierPhases = ahead === undefined ? { trainerStartup: startedAt, data } : { data };
    const { runId, spec, evaluate } = plan;
    return await trainRun(
      { runId, runDir: outDir, spec, evaluate },
      {
        job,
        dataset,
        clock,
        earlierPhases,
        loadTensorFlow: () => loadEngine(engine, loadOptionsOf(spec)),
      },
      { signal, onEvent: (event) => messenger.send({ event }), onProgress: messenger.sendProgress },
    );
  } catch (thrown) {
    const training = new TrainingRecord().toResult();
    const end = signal.aborted ? endOfAbort(signal) : failure(thrown);
    return { ...end, exitCode: null, signal: null, phases: {}, training };
  }
}

async function readPlan(path: string, signal: AbortSignal): Promise<TrainerPlan> {
  const result = trainerPlanSchema.safeParse(await readJson(path, signal));
  // Where the data came with the plan, they are beside it.
  if (result.success) return { ...result.data, dataDir: resolve(dirname(path), result.data.dataDir) };
  throw new RunnerError('bad-spec', `The plan does not fit its schema: ${describeIssues(result.error)}.`);
}

async function readJson(path: string, signal: AbortSignal): Promise<unknown> {
  try {
    return JSON.parse(path === '-' ? await firstLineOfStdin(signal) : await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof RunnerError) throw error;
    throw new RunnerError('bad-spec', `The plan cannot be read: ${describeError(error)}.`, { cause: error });
  }
}

/** Ends when the trainer is asked to end, too: one that waits is not always wanted. */
async function firstLineOfStdin(signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity, signal });
  for await (const line of lines) return line;
  throw new RunnerError('bad-spec', 'The standard input ended before a plan came.');
}

function startingNow(): Clock {
  const start = systemClock.elapsed();
  return { now: () => systemClock.now(), elapsed: () => systemClock.elapsed() - start };
}

function engineIn(dir: string): Engine {
  const engine = readEngine(dir) ?? readWebgpuEngine(dir);
  if (engine !== undefined) return engine;
  throw new RunnerError('engine-missing', `There is no finished engine in ${dir}.`);
}

/** What was put in is what was asked for: the spec names the data by their digest. */
function checked(dataset: ImageDataset, { spec, dataDir }: TrainerPlan): ImageDataset {
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
