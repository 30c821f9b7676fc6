import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import { runOutcomeSchema } from '../../../src/contract/run-outcome.js';
import type { Runtime, TrainerExit } from '../../../src/contract/runtime.js';
import { NO_TRAINING } from '../../../src/contract/run-outcome.js';
import { processMeter } from '../../../src/orchestrator/resources.js';
import { runJob } from '../../../src/orchestrator/run-job.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { CLOCK, NOW, SPEC } from './specs.js';

const RESOURCES = { wallMs: 4000, cpuSeconds: 7.5, peakRssBytes: 612_000_000 };
const EXIT: TrainerExit = {
  ...{ status: 'succeeded', reason: null, message: null, exitCode: null, signal: null },
  ...{ phases: { engine: 400.06, train: 3000 }, training: { ...NO_TRAINING, epochsCompleted: 2 } },
};

async function run(train: Runtime['run'], signal = new AbortController().signal) {
  using directory = temporaryDirectory();
  const order: string[] = [];
  const finished = await runJob(
    {
      ...{ spec: SPEC, runsDir: directory.path, evaluate: false, signal },
      onEvent: () => order.push('event'),
      onPlanned: ({ runId }) => order.push(`planned ${runId.length}`),
    },
    {
      runtime: {
        mode: 'inprocess',
        run: (...given) => {
          order.push('trained');
          return train(...given);
        },
      },
      clock: CLOCK,
      meter: () => RESOURCES,
    },
  );
  const written: unknown = JSON.parse(readFileSync(join(finished.runDir, 'outcome.json'), 'utf8'));
  expect(runOutcomeSchema.parse(written)).toEqual(finished.outcome);
  return { ...finished, order };
}

describe('the outcome', () => {
  it('is what the trainer did, and what the process has used', async () => {
    const { runId, outcome, order } = await run(() => Promise.resolve(EXIT));
    expect(order).toEqual(['planned 22', 'trained']);
    expect(outcome).toEqual({
      ...EXIT,
      phases: { engine: 400.1, train: 3000 },
      schemaVersion: 1,
      runId,
      mode: 'inprocess',
      exitStatus: 0,
      startedAt: NOW - 4000,
      endedAt: NOW,
      resources: RESOURCES,
    });
  });

  it.each(['failed', 'cancelled', 'timed-out', 'lost'] as const)(
    'of a run that is %s has the same shape',
    async (status) => {
      const { outcome } = await run(() =>
        Promise.resolve({ ...EXIT, status, reason: 'killed', exitCode: 137, signal: 'SIGKILL' }),
      );
      expect(outcome).toMatchObject({ status, reason: 'killed', exitCode: 137, signal: 'SIGKILL' });
    },
  );

  it('holds code and hint of the error, which the caller gets whole', async () => {
    const error = new RunnerError('diverged', 'NaN');
    const finished = await run(() =>
      Promise.resolve({ ...EXIT, status: 'failed', reason: 'diverged', error }),
    );
    expect(finished.error).toBe(error);
    expect(finished.outcome).toMatchObject({ exitStatus: 1, error: { code: 'diverged', hint: error.hint } });
  });

  it('of a trainer that could not be started tells why', async () => {
    const error = new RunnerError('engine-corrupt', 'The engine is broken.');
    const { outcome, ...finished } = await run(() => Promise.reject(error));
    expect(finished.error).toBe(error);
    expect(outcome).toMatchObject({
      ...{ status: 'failed', reason: 'engine-missing', message: 'The engine is broken.' },
      ...{ phases: {}, training: NO_TRAINING },
    });
  });

  it('of one that was aborted before it could start is cancelled', async () => {
    const controller = new AbortController();
    const abort = (): Promise<never> => {
      controller.abort();
      return Promise.reject(Object.assign(new Error('aborted'), { name: 'AbortError' }));
    };
    const { outcome, error } = await run(abort, controller.signal);
    expect(outcome).toMatchObject({
      status: 'cancelled',
      reason: 'interrupted',
      message: 'The run was cancelled.',
    });
    expect(error).toBeUndefined();
  });

  it('that cannot be written never hides the error of the run', async () => {
    const error = new RunnerError('diverged', 'NaN');
    const vanish: Runtime['run'] = ({ runDir }) => {
      rmSync(runDir, { recursive: true });
      return Promise.resolve({ ...EXIT, status: 'failed', error });
    };
    const thrown: unknown = await run(vanish).catch((caught: unknown) => caught);
    expect(thrown).toBe(error);
    expect(thrown).toMatchObject({ suppressed: [{ code: 'runs-dir-unwritable' }] });
  });
});

it('the meter counts from the start of the process, in whole milliseconds and bytes', () => {
  const before = Math.floor(performance.now());
  const { wallMs, cpuSeconds, peakRssBytes } = processMeter();
  expect(Number.isInteger(wallMs)).toBe(true);
  expect(wallMs).toBeGreaterThanOrEqual(before);
  expect(wallMs).toBeLessThanOrEqual(Math.ceil(performance.now()));
  expect(cpuSeconds).toBeGreaterThan(0);
  expect(peakRssBytes).toBeGreaterThanOrEqual(process.memoryUsage.rss() * 0.5);
  expect(Number.isInteger(peakRssBytes)).toBe(true);
});
