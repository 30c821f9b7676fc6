import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
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
import type { TrainerExitRecord, TrainerPlan } from '../../src/contract/trainer-program.js';
import type { Engine } from '../../src/engine/engine.js';
import { classify, exitCodeOf } from '../../src/isolation/classify.js';
import { readExitRecord } from '../../src/isolation/exit-record.js';
import { readMessage } from '../../src/isolation/messages.js';
import { readSoFar } from '../../src/isolation/training-so-far.js';
import { childEnvironment } from './environment.js';
import { LastWords, PrintedLines } from './printed-lines.js';

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
    // A Ctrl-C in the terminal is for this process, which passes it on once.
    detached: true,
  });

async function runInProcess(
  run: PlannedRun,
  { signal, onEvent, onProgress }: RuntimeOptions,
  { engine, clock, earlierPhases, program = TRAINER, nodeArguments = [], graceMs = GRACE_MS }: ProcessParts,
): Promise<TrainerExit> {
  signal.throwIfAborted();
  const since = clock.elapsed();
  using printed = PrintedLines.open(runPath(run.runDir, 'trainerLog'), clock);
  const child = startTrainer(
    [
      ...nodeArguments,
      program,
      ...['--plan', '-', '--out', run.runDir, '--engine', dirname(engine.bindingPath), '--end-with-stdin'],
    ],
    graceMs,
  );
  const startMs = clock.elapsed() - since;
  // Kept open: its end, which is that of this process, tells the trainer to end.
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${toJson(planOf(run))}\n`);
  // Only if it is there to be asked has it ended because it was.
  let stopped: ReturnType<typeof endOfAbort> | undefined;
  const onAbort = (): void => {
    if (child.kill('SIGTERM')) stopped = endOfAbort(signal);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  let next = 0;
  const tell = (event: RunEvent): void => {
    onEvent(event);
    next = event.seq + 1;
  };
  const words = new LastWords();
  let said: TrainerExitRecord | undefined;
  try {
    await Promise.all([
      readLines(child, 'stdout', (line) => {
        const message = readMessage(line);
        if (message === undefined) printed.add('stdout', line);
        else if ('event' in message) tell(message.event);
        else if ('progress' in message) onProgress?.(message.progress);
        else if ('exit' in message) said = message.exit;
      }),
      readLines(child, 'stderr', (line) => {
        printed.add('stderr', line);
        words.add(line);
      }),
    ]);
    const ended = await child;
    if (child.pid === undefined) throw notStarted(ended.cause);
    // Each is in its log before it is told: one that was killed may not have come to that.
    for (const event of await eventsOf(run.runDir)) if (event.seq >= next) tell(event);
    const exit = classify({
      exitCode: exitCodeOf(ended.exitCode, ended.signal),
      ...(stopped === undefined ? {} : { stopped }),
      // On a full disk its last message is all there is.
      record: (await readExitRecord(run.runDir)) ?? said,
      lastWords: words.text,
      sofar: await readSoFar(run.runDir),
    });
    return { ...exit, phases: { ...earlierPhases, start: startMs, ...exit.phases } };
  } finally {
    signal.removeEventListener('abort', onAbort);
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

/** Whatever goes wrong on this side ends the trainer: to leave the loop is to wait for its end. */
async function readLines(
  child: ReturnType<typeof startTrainer>,
  from: 'stdout' | 'stderr',
  take: (line: string) => void,
): Promise<void> {
  for await (const line of child.iterable({ from })) {
    try {
      take(line);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }
}
