import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { endOfAbort } from '../../src/common/abort-cause.js';
import type { Clock } from '../../src/common/clock.js';
import { toJson } from '../../src/common/json.js';
import { runPath } from '../../src/contract/run-directory.js';
import type { PlannedRun, Runtime, RuntimeOptions, TrainerExit } from '../../src/contract/runtime.js';
import { TRAINER_SCHEMA_VERSION } from '../../src/contract/trainer-program.js';
import type { TrainerPlan } from '../../src/contract/trainer-program.js';
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

async function runInProcess(
  run: PlannedRun,
  { signal, onEvent, onProgress }: RuntimeOptions,
  { engine, clock, earlierPhases, program = TRAINER, nodeArguments = [], graceMs = GRACE_MS }: ProcessParts,
): Promise<TrainerExit> {
  signal.throwIfAborted();
  const since = clock.elapsed();
  using printed = PrintedLines.open(runPath(run.runDir, 'trainerLog'), clock);
  const child = execa(
    process.execPath,
    [
      ...nodeArguments,
      program,
      ...['--plan', '-', '--out', run.runDir, '--engine', dirname(engine.bindingPath), '--end-with-stdin'],
    ],
    {
      env: childEnvironment(process.env),
      extendEnv: false,
      buffer: false,
      reject: false,
      stdin: 'pipe',
      forceKillAfterDelay: graceMs,
      // A Ctrl-C in the terminal is for this process, which passes it on once.
      detached: true,
      cleanup: true,
    },
  );
  const startMs = clock.elapsed() - since;
  // Kept open: its end, which is that of this process, tells the trainer to end.
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${toJson(planOf(run))}\n`);
  const onAbort = (): void => void child.kill('SIGTERM');
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const words = new LastWords();
  try {
    await Promise.all([
      readLines(child.iterable({ from: 'stdout' }), (line) => {
        const message = readMessage(line);
        if (message === undefined) printed.add('stdout', line);
        else if ('event' in message) onEvent(message.event);
        else if ('progress' in message) onProgress?.(message.progress);
      }),
      readLines(child.iterable({ from: 'stderr' }), (line) => {
        printed.add('stderr', line);
        words.add(line);
      }),
    ]);
    const { exitCode, signal: killedBy } = await child;
    const exit = classify({
      exitCode: exitCodeOf(exitCode, killedBy),
      ...(signal.aborted ? { stopped: endOfAbort(signal) } : {}),
      record: await readExitRecord(run.runDir),
      lastWords: words.text,
      sofar: await readSoFar(run.runDir),
    });
    return { ...exit, phases: { ...earlierPhases, start: startMs, ...exit.phases } };
  } finally {
    signal.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
  }
}

const planOf = ({ runId, spec, evaluate }: PlannedRun): TrainerPlan => ({
  schemaVersion: TRAINER_SCHEMA_VERSION,
  runId,
  spec,
  evaluate,
  dataDir: spec.data.dir,
});

async function readLines(lines: AsyncIterable<string>, take: (line: string) => void): Promise<void> {
  for await (const line of lines) take(line);
}
