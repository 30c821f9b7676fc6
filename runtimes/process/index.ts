import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { allEnded } from '../../src/common/all-ended.js';
import { endOfAbort } from '../../src/common/abort-cause.js';
import type { Clock } from '../../src/common/clock.js';
import { readEvents } from '../../src/common/event-log.js';
import { exists } from '../../src/common/exists.js';
import { describeError } from '../../src/common/errors.js';
import { toJson } from '../../src/common/json.js';
import { RunnerError } from '../../src/contract/errors.js';
import { runPath } from '../../src/contract/run-directory.js';
import type { RunEvent } from '../../src/contract/run-event.js';
import type { PlannedRun, Runtime, RuntimeOptions, TrainerExit } from '../../src/contract/runtime.js';
import { TRAINER_SCHEMA_VERSION } from '../../src/contract/trainer-program.js';
import type { TrainerPlan } from '../../src/contract/trainer-program.js';
import type { Engine } from '../../src/engine/engine.js';
import { classify, exitCodeOf } from '../../src/isolation/classify.js';
import { readExitRecord } from '../../src/isolation/exit-record.js';
import { floodEnd, LOG_BUDGET_BYTES, LogBudget } from '../../src/isolation/log-budget.js';
import { TrainerLog } from '../../src/isolation/trainer-log.js';
import { killLeftBehind, recordTrainer } from '../../src/isolation/trainer-process.js';
import { readSoFar } from '../../src/isolation/training-so-far.js';
import { childEnvironment } from './environment.js';
import { LiveOutput } from './live-output.js';
import { ProcessOutput } from './output.js';

export interface ProcessParts {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Phases that were over before, in milliseconds. */
  readonly earlierPhases?: Readonly<Record<string, number>>;
  /** The compiled program (src/trainer/main.ts), where it is not beside this one. */
  readonly program?: string;
  /** Arguments for Node itself, before the program. */
  readonly nodeArguments?: readonly string[];
  /** From the request to end to the kill. */
  readonly graceMs?: number;
  /** How much it may print before it is ended. */
  readonly logBudgetBytes?: number;
}

const TRAINER = fileURLToPath(new URL('../../src/trainer/main.js', import.meta.url));
const GRACE_MS = 10_000;

/**
 * Trains in a process of its own, which shares the machine and the user with this one, and nothing else: a crash or
 * a full heap is the trainer's alone. It ends with this process, however that ends.
 */
export function createProcessRuntime(parts: ProcessParts): Runtime {
  return { mode: 'process', run: (run, options) => runInProcess(run, options, parts) };
}

const startTrainer = (args: readonly string[], graceMs: number) =>
  execa(process.execPath, args, {
    env: childEnvironment(process.env),
    extendEnv: false,
    buffer: false,
    reject: false,
    stdin: 'pipe',
    forceKillAfterDelay: graceMs,
    // A Ctrl-C in the terminal is for this process, which passes it on once. What it starts is in its process group.
    detached: true,
  });

async function runInProcess(
  run: PlannedRun,
  { signal, onEvent, onProgress }: RuntimeOptions,
  parts: ProcessParts,
): Promise<TrainerExit> {
  const { engine, clock, earlierPhases, program = TRAINER, nodeArguments = [], graceMs = GRACE_MS } = parts;
  const { logBudgetBytes = LOG_BUDGET_BYTES } = parts;
  signal.throwIfAborted();
  const since = clock.elapsed();
  using log = TrainerLog.open(runPath(run.runDir, 'trainerLog'));
  const child = startTrainer(
    [
      ...nodeArguments,
      program,
      ...['--plan', '-', '--out', run.runDir, '--engine', dirname(engine.bindingPath), '--end-with-stdin'],
    ],
    graceMs,
  );
  // One of them may hold the output open, whose end is waited for.
  child.once('exit', () => {
    if (child.pid !== undefined) killLeftBehind(child.pid);
  });
  const startMs = clock.elapsed() - since;
  // The first cause counts.
  let stopped: ReturnType<typeof endOfAbort> | undefined;
  // Only if it is there to be asked has it ended because it was.
  const stop = (how: NodeJS.Signals, why: typeof stopped): void => {
    if (child.kill(how)) stopped ??= why;
  };
  const onAbort = (): void => stop('SIGTERM', endOfAbort(signal));
  const live = new LiveOutput(log, { onEvent, ...(onProgress && { onProgress }) });
  const output = new ProcessOutput(child, {
    clock,
    budget: new LogBudget(logBudgetBytes),
    onLines: (lines) => live.add(lines),
    onFlood: () => stop('SIGKILL', floodEnd(logBudgetBytes)),
  });
  try {
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    await allEnded([output.read(), givePlan(child, run)]);
    const ended = await child;
    if (child.pid === undefined) throw notStarted(ended.cause);
    // Each is in its log before it is told: one that was killed may not have come to that.
    live.tellRest(await eventsOf(run.runDir));
    const exit = classify({
      exitCode: exitCodeOf(ended.exitCode, ended.signal),
      ...(stopped === undefined ? {} : { stopped }),
      // On a full disk its last message is all there is.
      record: (await readExitRecord(run.runDir)) ?? live.said,
      lastWords: live.lastWords,
      sofar: await readSoFar(run.runDir),
    });
    return { ...exit, phases: { ...earlierPhases, start: startMs, ...exit.phases } };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Its end on this side, which is that of this process, tells the trainer to end: the input is kept open. */
async function givePlan(child: ReturnType<typeof startTrainer>, run: PlannedRun): Promise<void> {
  child.stdin.on('error', () => undefined);
  if (child.pid === undefined) return;
  try {
    await recordTrainer(run.runDir, child.pid);
    child.stdin.write(`${toJson(planOf(run))}\n`);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

const notStarted = (cause: unknown): RunnerError =>
  new RunnerError('file-unusable', `The trainer could not be started: ${describeError(cause)}.`, { cause });

const planOf = ({ runId, spec, evaluate }: PlannedRun): TrainerPlan => ({
  schemaVersion: TRAINER_SCHEMA_VERSION,
  runId,
  spec,
  evaluate,
  dataDir: spec.data.dir,
});

async function eventsOf(runDir: string): Promise<RunEvent[]> {
  const path = runPath(runDir, 'events');
  return (await exists(path)) ? readEvents(path) : [];
}
