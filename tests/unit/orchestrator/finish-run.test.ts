import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import { runPath } from '../../../src/contract/run-directory.js';
import { NO_TRAINING, runOutcomeSchema } from '../../../src/contract/run-outcome.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import type { PlannedRun, Runtime, TrainerExit } from '../../../src/contract/runtime.js';
import { finishRun, type RunTools } from '../../../src/orchestrator/finish-run.js';
import { thisProcess } from '../../../src/orchestrator/owner.js';
import { leaveStopFile } from '../../../src/orchestrator/stop-file.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { NOW, SPEC } from './specs.js';
import { readJson, RUN_ID, storeRun } from './stored-runs.js';

const EXIT: TrainerExit = {
  ...{ status: 'succeeded', reason: null, message: null, exitCode: 0, signal: null },
  ...{ phases: { train: 3000.04 }, training: NO_TRAINING },
};
const FAILED: TrainerExit = {
  ...{ ...EXIT, status: 'failed', reason: 'diverged', message: 'NaN' },
  error: new RunnerError('diverged', 'NaN'),
};
afterEach(() => void vi.useRealTimers());

const METER = () => ({ wallMs: 4000, cpuSeconds: 1, peakRssBytes: 5 });

interface Given {
  readonly exit?: TrainerExit | (() => Promise<TrainerExit>);
  readonly run?: Runtime['run'];
  readonly release?: (run: PlannedRun) => Promise<void>;
  readonly startedAt?: number;
  readonly limits?: RunSpec['limits'];
  readonly signal?: AbortSignal;
  readonly onTakenOver?: RunTools['onTakenOver'];
}

/** A run whose clock goes on by 12.34 ms each time it is asked. */
async function finish(
  runsDir: string,
  { exit = EXIT, release, startedAt = NOW, limits, onTakenOver, ...given }: Given,
) {
  const { runDir } = storeRun(runsDir, { mode: 'docker', owner: 'this' });
  let elapsed = 0;
  const spec: RunSpec = { ...SPEC, mode: 'docker', ...(limits && { limits }) };
  const trained: Runtime['run'] = () => (typeof exit === 'function' ? exit() : Promise.resolve(exit));
  const runtime: Runtime = { mode: 'docker', run: given.run ?? trained, ...(release && { release }) };
  return await finishRun(
    { runId: RUN_ID, runDir, spec, evaluate: true },
    { signal: given.signal ?? new AbortController().signal, onEvent: () => undefined, startedAt },
    {
      ...{ runtime, clock: { now: () => NOW, elapsed: () => (elapsed += 12.34) }, meter: METER },
      ...(onTakenOver && { onTakenOver }),
    },
  );
}

describe('what a run has made elsewhere', () => {
  it('is cleared away only when the outcome is on the disk, which then says how long that took', async () => {
    using directory = temporaryDirectory();
    const order: string[] = [];
    const finished = await finish(directory.path, {
      release: (run) => {
        const outcome = runOutcomeSchema.parse(readJson(run, 'outcome.json'));
        order.push(`released ${outcome.status} ${JSON.stringify(outcome.phases)}`);
        return Promise.resolve();
      },
    });
    expect(order).toEqual(['released succeeded {"train":3000}']);
    expect(finished.outcome).toMatchObject({ status: 'succeeded', endedAt: NOW, startedAt: NOW - 4000 });
    expect(Object.entries(finished.outcome.phases)).toEqual([
      ['train', 3000],
      ['remove', 12.3],
    ]);
    expect(runOutcomeSchema.parse(readJson(finished, 'outcome.json'))).toEqual(finished.outcome);
  });

  it.each(['failed', 'cancelled', 'timed-out'] as const)(
    'is cleared away of a run that %s',
    async (status) => {
      using directory = temporaryDirectory();
      let released = 0;
      const { outcome } = await finish(directory.path, {
        exit: { ...EXIT, status },
        release: () => Promise.resolve(void (released += 1)),
      });
      expect({ released, status: outcome.status }).toEqual({ released: 1, status });
    },
  );

  it('is cleared away of a run that could not be started', async () => {
    using directory = temporaryDirectory();
    let released = 0;
    const { outcome } = await finish(directory.path, {
      exit: () => Promise.reject(new RunnerError('image-missing', 'No such image.')),
      release: () => Promise.resolve(void (released += 1)),
    });
    expect(released).toBe(1);
    expect(outcome).toMatchObject({ status: 'failed', reason: 'image-missing' });
  });

  it('stays of a run that was lost sight of: it may yet be found', async () => {
    using directory = temporaryDirectory();
    let released = 0;
    const { outcome } = await finish(directory.path, {
      exit: { ...EXIT, status: 'lost', reason: 'daemon-unreachable' },
      release: () => Promise.resolve(void (released += 1)),
    });
    expect(released).toBe(0);
    expect(outcome.phases).toEqual({ train: 3000 });
  });
});

describe('clearing away that fails', () => {
  const cause = new RunnerError('daemon-unreachable', 'No answer.');

  it('leaves the run as it has ended, and is told beside that', async () => {
    using directory = temporaryDirectory();
    const finished = await finish(directory.path, { release: () => Promise.reject(cause) });
    expect(finished).toMatchObject({
      runId: RUN_ID,
      outcome: { status: 'succeeded', phases: { train: 3000 } },
    });
    expect(finished.error).toBeUndefined();
    expect(finished.leftover).toMatchObject({
      ...{ code: 'daemon-unreachable', cause },
      message: `Run ${RUN_ID} has ended (succeeded), but what it has made could not all be removed: No answer.`,
      hint: '`runner gc` removes it.',
    });
    expect(readJson(finished, 'outcome.json')).toEqual(finished.outcome);
  });

  it('never hides the run’s own error', async () => {
    using directory = temporaryDirectory();
    const finished = await finish(directory.path, { exit: FAILED, release: () => Promise.reject(cause) });
    expect(finished).toMatchObject({ error: FAILED.error, leftover: { code: 'daemon-unreachable' } });
  });

  it('by an exception before there is a promise is the same', async () => {
    using directory = temporaryDirectory();
    const release = () => {
      throw cause;
    };
    expect((await finish(directory.path, { release })).leftover).toMatchObject({
      code: 'daemon-unreachable',
    });
  });
});

it('a run that is asked to stop while it trains is cancelled, whatever else its process does', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  using directory = temporaryDirectory();
  const { signal } = new AbortController();
  const { outcome } = await finish(directory.path, {
    signal,
    run: async ({ runDir }, { signal: own }) => {
      const aborted = new Promise((resolve) => own.addEventListener('abort', resolve));
      await leaveStopFile(runDir, NOW);
      vi.advanceTimersByTime(500);
      await aborted;
      own.throwIfAborted();
      return EXIT;
    },
  });
  expect(outcome).toMatchObject({ status: 'cancelled', reason: 'interrupted' });
  expect(signal.aborted).toBe(false);
});

it('a run that is removed once it has ended has ended all the same', async () => {
  using directory = temporaryDirectory();
  const { outcome, runDir } = await finish(directory.path, {
    release: (run) => rm(run.runDir, { recursive: true }),
  });
  expect(outcome).toMatchObject({ status: 'succeeded', phases: { train: 3000 } });
  expect(existsSync(runDir)).toBe(false);
});

it('nothing is cleared away while the outcome cannot be written', async () => {
  using directory = temporaryDirectory();
  let released = 0;
  const finished = finish(directory.path, {
    run: ({ runDir }) => {
      mkdirSync(join(runDir, 'outcome.json'));
      return Promise.resolve(EXIT);
    },
    release: () => Promise.resolve(void (released += 1)),
  });
  await expect(finished).rejects.toMatchObject({ code: 'runs-dir-unwritable' });
  expect(released).toBe(0);
});

describe('the outcome of a run', () => {
  it('that another process has begun started then, not with this process', async () => {
    using directory = temporaryDirectory();
    const { outcome } = await finish(directory.path, { startedAt: NOW - 60_000.4 });
    expect(outcome).toMatchObject({ startedAt: NOW - 60_000, endedAt: NOW });
  });

  it('holds what the trainer alone has used, and the image it ran in', async () => {
    using directory = temporaryDirectory();
    const usage = { cpuSeconds: 9, peakMemoryBytes: 77, networkSentBytes: 0 };
    const image = { tag: 'runner-trainer:x', id: `sha256:${'0'.repeat(64)}`, bytes: 5 };
    const { outcome } = await finish(directory.path, { exit: { ...EXIT, usage, image } });
    expect(outcome).toMatchObject({ trainer: usage, image });
  });

  it('of one whose time is up while it cannot be started is that', async () => {
    using directory = temporaryDirectory();
    const { outcome, error } = await finish(directory.path, {
      ...{ limits: { timeoutMs: 5 }, startedAt: NOW - 5000 },
      run: async (_run, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        signal.throwIfAborted();
        return EXIT;
      },
    });
    expect(outcome).toMatchObject({
      ...{ status: 'timed-out', reason: 'timeout' },
      message: 'The run took longer than its limit of 0.005 s.',
    });
    expect(error).toMatchObject({ code: 'timeout', exitCode: 1 });
  });

  it('of one that fails by itself after it was cancelled is its failure', async () => {
    using directory = temporaryDirectory();
    const { outcome } = await finish(directory.path, {
      signal: AbortSignal.abort(new Error('SIGINT')),
      exit: () => Promise.reject(new RunnerError('disk-full', 'Full.')),
    });
    expect(outcome).toMatchObject({ status: 'failed', reason: 'disk-full' });
  });
});

describe('a run that another process has taken over meanwhile', () => {
  const TAKEN = { code: 'run-taken-over' };
  const giveAway = ({ runDir }: PlannedRun): void =>
    writeFileSync(runPath(runDir, 'owner'), JSON.stringify({ ...thisProcess(), pid: 7, host: 'worker-2' }));

  it('is left alone while its trainer goes on, and who works for it is told', async () => {
    using directory = temporaryDirectory();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const told: RunnerError[] = [];
    const finishing = finish(directory.path, {
      onTakenOver: (error) => told.push(error),
      run: (run) => {
        giveAway(run);
        return new Promise(() => undefined);
      },
    });
    const refused = expect(finishing).rejects.toMatchObject(TAKEN);
    while (told.length === 0) await vi.advanceTimersByTimeAsync(10_000);
    await refused;
    expect(told).toMatchObject([TAKEN]);
    expect(existsSync(join(directory.path, RUN_ID, 'outcome.json'))).toBe(false);
  });

  it.each(['succeeded', 'failed'] as const)('gets no outcome from a trainer that has %s', async (status) => {
    using directory = temporaryDirectory();
    let released = 0;
    const finishing = finish(directory.path, {
      run: (run) => {
        giveAway(run);
        return Promise.resolve({ ...EXIT, status });
      },
      release: () => Promise.resolve(void (released += 1)),
    });
    await expect(finishing).rejects.toMatchObject(TAKEN);
    expect([released, existsSync(join(directory.path, RUN_ID, 'outcome.json'))]).toEqual([0, false]);
  });

  it('keeps the other’s outcome, whatever is cleared away here', async () => {
    using directory = temporaryDirectory();
    const theirs = '{"of": "worker-2"}';
    const finishing = finish(directory.path, {
      release: (run) => {
        giveAway(run);
        return writeFile(runPath(run.runDir, 'outcome'), theirs);
      },
    });
    await expect(finishing).rejects.toMatchObject(TAKEN);
    expect(readFileSync(join(directory.path, RUN_ID, 'outcome.json'), 'utf8')).toBe(theirs);
  });
});
