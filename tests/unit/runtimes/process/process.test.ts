import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProcessRuntime, type ProcessParts } from '../../../../runtimes/process/index.js';
import { identityOf, isAlive, type ProcessIdentity } from '../../../../src/common/process-identity.js';
import { RunnerError } from '../../../../src/contract/errors.js';
import { NO_TRAINING } from '../../../../src/contract/run-outcome.js';
import type { RunEvent } from '../../../../src/contract/run-event.js';
import type { TrainingProgress } from '../../../../src/contract/runtime.js';
import type { Engine } from '../../../../src/engine/engine.js';
import { readExitRecord } from '../../../../src/isolation/exit-record.js';
import { MOST_LINE_BYTES } from '../../../../src/isolation/line-splitter.js';
import { compileProgram, untilPrinted } from '../../common/run-program.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { CLOCK, NOW, SPEC } from '../../orchestrator/specs.js';

const PROGRAM = fileURLToPath(new URL('programs/trainer.mjs', import.meta.url));
const ENGINE = { bindingPath: '/engine/tfjs_binding.node' } as Engine;
const TRAINED = {
  ...{
    epochsCompleted: 1,
    stepsCompleted: 9,
    bestEpoch: 1,
    stoppedEarly: false,
    finalLoss: 'NaN',
    finalAccuracy: 0.5,
  },
  ...{ valLoss: 1, valAccuracy: 1, imagesPerSecond: 7, engineStep: 'eager', weightsDigest: 'sha256:x' },
};

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => {
  vi.unstubAllEnvs();
  directory[Symbol.dispose]();
});

interface Given {
  readonly parts?: Partial<ProcessParts>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

/** Runs the trainer whose act is `job`, in a run directory of its own. */
async function run(job: string, { parts = {}, signal = new AbortController().signal, onEvent }: Given = {}) {
  const runDir = join(directory.path, 'run');
  rmSync(runDir, { recursive: true, force: true });
  mkdirSync(runDir);
  const [events, progress]: [RunEvent[], TrainingProgress[]] = [[], []];
  const runtime = createProcessRuntime({ engine: ENGINE, clock: CLOCK, program: PROGRAM, ...parts });
  const exit = await runtime.run(
    { runId: 'r', runDir, spec: { ...SPEC, mode: 'process', job }, evaluate: true },
    {
      signal,
      onEvent: (event) => {
        events.push(event);
        onEvent?.(event);
      },
      onProgress: (step) => progress.push(step),
    },
  );
  const read = (name: string): string => readFileSync(join(runDir, name), 'utf8');
  return {
    exit,
    events: events.map((event) => (event as { message: string }).message),
    progress,
    read,
    runDir,
  };
}

describe('a trainer in a process of its own', () => {
  it('is given its plan, and tells events, progress and its end', async () => {
    const { exit, events, progress, read, runDir } = await run('succeed', {
      parts: { earlierPhases: { startup: 5 } },
    });
    expect(events).toEqual(['one', 'two']);
    expect(progress).toEqual([
      { epoch: 1, epochs: 2, step: 3, stepsPerEpoch: 4, loss: NaN, accuracy: 0, imagesPerSecond: 5 },
    ]);
    expect(exit).toEqual({
      ...{ status: 'succeeded', reason: null, message: null, exitCode: 0, signal: null },
      ...{ phases: { startup: 5, start: 0, engine: 1, train: 2 }, training: TRAINED },
      usage: { cpuSeconds: 3, peakMemoryBytes: 4 },
    });
    expect(JSON.parse(read('given.json'))).toMatchObject({
      values: { plan: '-', out: runDir, engine: '/engine', 'end-with-stdin': true },
      plan: {
        ...{ schemaVersion: 1, runId: 'r', evaluate: true, dataDir: SPEC.data.dir },
        spec: { ...SPEC, mode: 'process', job: 'succeed' },
      },
    });
    const stamp = new Date(NOW).toISOString();
    expect(read('trainer.log').split('\n').sort()).toEqual(
      [
        '',
        `${stamp} stderr a warning`,
        `${stamp} stdout printed by a job`,
        `${stamp} stdout {"event":"no event"}`,
      ].sort(),
    );
  });

  it('does not know what its surroundings know', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('DOCKER_HOST', 'tcp://x');
    vi.stubEnv('LC_ALL', 'C.UTF-8');
    const { read } = await run('succeed', { parts: { nodeArguments: ['--max-old-space-size=99'] } });
    const { env, argv } = JSON.parse(read('given.json')) as { env: Record<string, string>; argv: string[] };
    expect(env).toMatchObject({ LC_ALL: 'C.UTF-8', PATH: process.env.PATH });
    expect(env).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
    expect(env).not.toHaveProperty('DOCKER_HOST');
    expect(read('given.json')).not.toContain('secret');
    expect(argv).toEqual(['--max-old-space-size=99']);
  });

  it('that fails tells why', async () => {
    const { exit } = await run('fail');
    expect(exit).toMatchObject({
      status: 'failed',
      reason: 'diverged',
      message: 'NaN.',
      exitCode: 1,
      training: TRAINED,
    });
    expect(exit.error).toMatchObject({ code: 'diverged', hint: 'Lower it.' });
  });

  it.each([
    ['silent', { reason: 'crashed', exitCode: 7, signal: null }, 'exit status 7 without a word.'],
    ['segfault', { reason: 'crashed', exitCode: 139, signal: 'SIGSEGV' }, 'crashed (SIGSEGV).'],
    ['heap', { reason: 'heap-exhausted', exitCode: 134, signal: 'SIGABRT' }, 'used up its JavaScript heap.'],
  ])('that dies (%s) takes nothing along', async (job, exit, message) => {
    const ended = await run(job);
    expect(ended.exit).toMatchObject({ status: 'failed', training: NO_TRAINING, ...exit });
    expect(ended.exit.message).toContain(message);
  });

  it('prints what it likes: long lines, no text, no newline at the end', async () => {
    const { exit, read, events } = await run('flood');
    expect(exit.status).toBe('succeeded');
    expect(events).toEqual([]);
    const [long, binary, last] = read('trainer.log').split('\n');
    const stamp = new Date(NOW).toISOString();
    const kept = 'x'.repeat(MOST_LINE_BYTES);
    expect(long).toBe(`${stamp} stdout ${kept}… [${9 * 1024 ** 2} bytes cut]`);
    expect(binary).toBe(`${stamp} stdout \ufffd\ufffd\\u0000`);
    expect(last).toContain(`${stamp} stdout no newline at the end`);
  });

  it.each([
    ['pour', 'on its standard output'],
    ['pourNewlines', 'empty lines, each of which is one of trainer.log'],
    ['pourErrors', 'a line that never ends, on its standard error'],
  ])('that prints without end (%s) is ended: %s', async (job) => {
    const budget = 256 * 1024;
    const { exit, read } = await run(job, { parts: { logBudgetBytes: budget } });
    expect(exit).toMatchObject({
      ...{ status: 'failed', reason: 'log-flood', exitCode: 137, signal: 'SIGKILL' },
      message: 'The trainer printed more than 0.25 MiB and was ended.',
      error: { code: 'log-flood', exitCode: 1 },
    });
    // What came with the line that was too much is there, too: a pipe's 64 KiB, each byte of which may be a line.
    const emptyLine = `${new Date(NOW).toISOString()} stdout \n`.length;
    expect(read('trainer.log').length).toBeLessThan(budget + 64 * 1024 * emptyLine);
  });

  it('may tell a display as much as it likes', async () => {
    const { exit, progress, read } = await run('display', { parts: { logBudgetBytes: 64 * 1024 } });
    expect(exit).toMatchObject({ status: 'succeeded' });
    expect(progress).toHaveLength(10_000);
    expect(read('trainer.log')).toBe('');
  });

  it('is on record as a process before it has its plan: whoever takes the run over finds it', async () => {
    const { read } = await run('succeed');
    const { pid, recorded } = JSON.parse(read('given.json')) as { pid: number; recorded: unknown };
    expect(recorded).toEqual({
      pid,
      host: hostname(),
      startTimeTicks: existsSync('/proc') ? (expect.any(Number) as number) : null,
      bootId: existsSync('/proc') ? (expect.any(String) as string) : null,
    });
  });

  it('takes along what it has started: nothing of it is waited for', async () => {
    const left: ProcessIdentity[] = [];
    const { exit } = await run('leaveBehind', {
      onEvent: (event) => left.push(identityOf(Number((event as { message: string }).message))),
    });
    expect(exit).toMatchObject({ status: 'succeeded' });
    expect(left).toHaveLength(1);
    // Its output is closed a moment before it is gone.
    await vi.waitFor(() => expect(left.map((each) => isAlive(each))).toEqual([false]), 15_000);
  });

  it('that Node cannot start says what Node says', async () => {
    const { exit, read } = await run('succeed', { parts: { program: join(directory.path, 'none.mjs') } });
    expect(exit).toMatchObject({ status: 'failed', reason: 'crashed', exitCode: 1 });
    expect(read('trainer.log')).toContain('Cannot find module');
  });
});

describe('stopping it', () => {
  it('that obeys was cancelled, with what it has', async () => {
    const controller = new AbortController();
    const { exit } = await run('obey', {
      ...{ signal: controller.signal, onEvent: () => controller.abort(new Error('SIGINT')) },
    });
    expect(exit).toEqual({
      ...{ status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.', exitCode: 143 },
      ...{ signal: 'SIGTERM', phases: { start: 0, engine: 1, train: 2 }, training: TRAINED },
      usage: { cpuSeconds: 3, peakMemoryBytes: 4 },
    });
  });

  it('that refuses is killed when its grace is over', async () => {
    const controller = new AbortController();
    const error = new RunnerError('timeout', 'Too long.');
    const { exit } = await run('refuse', {
      ...{ signal: controller.signal, onEvent: () => controller.abort(error), parts: { graceMs: 50 } },
    });
    expect(exit).toMatchObject({
      status: 'timed-out',
      reason: 'timeout',
      exitCode: 137,
      signal: 'SIGKILL',
      error,
    });
  });

  it('before it has begun starts nothing', async () => {
    const reason = new Error('SIGINT');
    await expect(run('succeed', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(existsSync(join(directory.path, 'run/given.json'))).toBe(false);
  });

  it('leaves no listener on the caller’s signal', async () => {
    const { signal } = new AbortController();
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    await run('succeed', { signal });
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  });
});

it('its end is that of the process that started it, though that was killed', async () => {
  using program = compileProgram('programs/owner.ts', import.meta.url);
  const owner = program.run([directory.path, PROGRAM, 'lifeline']);
  await untilPrinted(owner, /event/);
  owner.child.kill('SIGKILL');
  expect(await owner.ended).toMatchObject({ signal: 'SIGKILL' });
  const record = join(directory.path, 'exit.json');
  while (!existsSync(record)) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(existsSync(join(directory.path, 'ended'))).toBe(true);
  expect(await readExitRecord(directory.path)).toMatchObject({ status: 'cancelled' });
});

describe('what goes wrong around it', () => {
  it('a display that throws ends it', async () => {
    const failure = new Error('no terminal');
    const running = run('obey', {
      onEvent: () => {
        throw failure;
      },
    });
    await expect(running).rejects.toBe(failure);
  });

  it('that cannot write exit.json is believed on its last message', async () => {
    const { exit } = await run('unwritten');
    expect(exit).toMatchObject({ status: 'failed', reason: 'disk-full', exitCode: 3 });
    expect(exit.error).toMatchObject({ code: 'disk-full', exitCode: 3 });
  });

  it('that cannot be started is an error, not a crash of the trainer', async () => {
    const before = process.execPath;
    process.execPath = '/nowhere/node';
    try {
      await expect(run('succeed')).rejects.toThrow('ENOENT');
    } finally {
      process.execPath = before;
    }
  });
});
