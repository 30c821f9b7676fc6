import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import { NO_TRAINING, runOutcomeSchema } from '../../../src/contract/run-outcome.js';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import type { PlannedRun, Runtime, TrainerExit } from '../../../src/contract/runtime.js';
import { recordTrainer } from '../../../src/isolation/trainer-process.js';
import { claimKey } from '../../../src/orchestrator/keyed-run.js';
import { isOwned } from '../../../src/orchestrator/owner.js';
import { readRun } from '../../../src/orchestrator/read-run.js';
import { finishAbandoned, isAbandoned, listAbandoned } from '../../../src/orchestrator/recover.js';
import type { RecoveryTools } from '../../../src/orchestrator/recover.js';
import { timeOfRunId } from '../../../src/orchestrator/run-id.js';
import type { RunDirectory } from '../../../src/orchestrator/runs-directory.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { CLOCK, NOW } from './specs.js';
import { journalOf, logEvent, outcomeOf, readJson, RUN_ID, storeRun, type Stored } from './stored-runs.js';

const SUCCEEDED: TrainerExit = {
  ...{ status: 'succeeded', reason: null, message: null, exitCode: 0, signal: null },
  ...{ phases: { train: 3000 }, training: NO_TRAINING },
};
const EXIT_RECORD = {
  ...{ schemaVersion: 1, status: 'succeeded', reason: null, message: null, error: null },
  ...{ phases: { train: 12 }, training: { ...NO_TRAINING, epochsCompleted: 2 } },
  usage: { cpuSeconds: 1, peakMemoryBytes: 2 },
};
const epochEvent = (seq: number, epoch: number): string =>
  `${JSON.stringify({
    ...{ seq, t: NOW + seq, type: 'epoch', epoch, step: 10 * epoch, loss: 0.5, accuracy: 0.8 },
    ...{ valLoss: 0.4, valAccuracy: 0.9, learningRate: 0.001, imagesPerSecond: 1000 },
  })}\n`;

/** A runtime that notes what is asked of it. */
function fakeRuntime(
  run: Runtime['run'] = () => Promise.resolve(SUCCEEDED),
  release = () => Promise.resolve(),
) {
  const asked: string[] = [];
  const planned: PlannedRun[] = [];
  const runtime: Runtime = {
    mode: 'docker',
    run: (...given) => {
      asked.push('run');
      planned.push(given[0]);
      return run(...given);
    },
    release: () => {
      asked.push('release');
      return release();
    },
  };
  return { asked, planned, createRuntime: () => Promise.resolve(runtime) };
}

const NEVER_MADE = () => Promise.reject(new Error('no runtime is needed'));

async function recover(run: RunDirectory, createRuntime: RecoveryTools['createRuntime'] = NEVER_MADE) {
  return await finishAbandoned(
    await readRun(run),
    { signal: new AbortController().signal, onEvent: () => undefined },
    { createRuntime, clock: CLOCK },
  );
}

const written = (run: RunDirectory): RunOutcome => runOutcomeSchema.parse(readJson(run, 'outcome.json'));

describe('which runs are abandoned', () => {
  const cases: readonly [what: string, stored: Stored, abandoned: boolean][] = [
    ['one whose process has died', {}, true],
    ['one without an owner', { owner: 'none' }, true],
    ['one whose process lives', { owner: 'this' }, false],
    ['one whose process is on another host', { owner: 'elsewhere' }, false],
    ['one that has ended and made nothing elsewhere', { files: { 'outcome.json': outcomeOf() } }, false],
    [
      'one that has ended and has cleared away',
      { files: { 'outcome.json': outcomeOf(), 'journal.ndjson': journalOf('intent', 'removed') } },
      false,
    ],
    [
      'one that was killed between its outcome and clearing away',
      { files: { 'outcome.json': outcomeOf(), 'journal.ndjson': journalOf('intent', 'collected') } },
      true,
    ],
    [
      'one that was killed while it noted that it had cleared away',
      { files: { 'outcome.json': outcomeOf(), 'journal.ndjson': `${journalOf('intent')}{"step":"remo` } },
      true,
    ],
    [
      'one that is clearing away',
      { owner: 'this', files: { 'outcome.json': outcomeOf(), 'journal.ndjson': journalOf('intent') } },
      false,
    ],
    [
      'one that was lost sight of',
      {
        files: {
          'outcome.json': outcomeOf({ status: 'lost' }),
          'journal.ndjson': journalOf('intent', 'started'),
        },
      },
      true,
    ],
    [
      'one in a process that was lost with it',
      { mode: 'inprocess', files: { 'outcome.json': outcomeOf({ status: 'lost', mode: 'inprocess' }) } },
      false,
    ],
  ];
  it.each(cases)('%s', async (_what, stored, abandoned) => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, stored);
    expect(await isAbandoned(await readRun(run))).toBe(abandoned);
    expect((await listAbandoned(directory.path)).map(({ runId }) => runId)).toEqual(
      abandoned ? [RUN_ID] : [],
    );
  });

  it('are listed oldest first; one that cannot be read hides no other', async () => {
    using directory = temporaryDirectory();
    for (const runId of ['20260301-140511-aaaaaa', '20260301-140509-aaaaaa'])
      storeRun(directory.path, { runId });
    storeRun(directory.path, { runId: '20260301-140510-aaaaaa', files: { 'spec.json': 'nonsense' } });
    const ids = (await listAbandoned(directory.path)).map(({ runId }) => runId);
    expect(ids).toEqual(['20260301-140509-aaaaaa', '20260301-140511-aaaaaa']);
  });
});

describe('a run whose trainer outlives its process', () => {
  it('goes on as it was asked for, from when it was begun', async () => {
    using directory = temporaryDirectory();
    const request = { evaluate: true, startedAt: NOW - 90_000 };
    const run = storeRun(directory.path, { files: { 'request.json': request } });
    const { createRuntime, asked, planned } = fakeRuntime();
    const { outcome } = await recover(run, createRuntime);
    expect(asked).toEqual(['run', 'release']);
    expect(planned).toEqual([{ ...run, spec: (await readRun(run)).spec, evaluate: true }]);
    expect(outcome).toMatchObject({ status: 'succeeded', startedAt: NOW - 90_000, endedAt: NOW });
    // And nothing that this process has used, which did not train it.
    expect(outcome.resources).toEqual({ wallMs: 90_000 });
    expect(written(run)).toEqual(outcome);
    expect(await isOwned(run.runDir)).toBe(true);
  });

  it('is out of time if its limit has passed while nobody watched', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, {
      spec: { limits: { timeoutMs: 60_000 } },
      files: { 'request.json': { evaluate: false, startedAt: NOW - 60_001 } },
    });
    const { createRuntime } = fakeRuntime(async (_run, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw signal.reason;
    });
    const { outcome } = await recover(run, createRuntime);
    expect(outcome).toMatchObject({
      ...{ status: 'timed-out', reason: 'timeout' },
      message: 'The run took longer than its limit of 60 s.',
    });
  });

  it('without a request, as of an earlier version, has begun when its id says', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    const { createRuntime, planned } = fakeRuntime();
    const { outcome } = await recover(run, createRuntime);
    expect(planned).toMatchObject([{ evaluate: false }]);
    expect(timeOfRunId(RUN_ID)).toBe(Date.UTC(2026, 2, 1, 14, 5, 9));
    expect(outcome.startedAt).toBe(Date.UTC(2026, 2, 1, 14, 5, 9));
  });

  it('with a garbled request is left to whom it belonged', async () => {
    using directory = temporaryDirectory();
    for (const [index, garbled] of [
      '',
      '{"evaluate":1}',
      '{"evaluate":true,"startedAt":1,"more":2}',
    ].entries()) {
      const runId = `20260301-140509-00000${index}`;
      const run = storeRun(directory.path, { runId, files: { 'request.json': garbled } });
      const before = readJson(run, 'owner.json');
      await expect(recover(run)).rejects.toMatchObject({
        code: 'run-corrupt',
        message: expect.stringMatching(/request\.json (is no JSON|does not fit its schema): /) as string,
      });
      expect(readJson(run, 'owner.json')).toEqual(before);
    }
  });

  it('stays as it was if the daemon cannot be reached at all', async () => {
    using directory = temporaryDirectory();
    const lost = outcomeOf({ status: 'lost', reason: 'daemon-unreachable' });
    const files = { 'outcome.json': lost, 'journal.ndjson': journalOf('intent', 'started') };
    const run = storeRun(directory.path, { files });
    const away = new RunnerError('daemon-unreachable', 'No answer.');
    await expect(recover(run, () => Promise.reject(away))).rejects.toBe(away);
    expect(written(run)).toEqual(lost);
  });

  it('that was lost sight of has no outcome while it goes on, and then its own', async () => {
    using directory = temporaryDirectory();
    const lost = outcomeOf({ status: 'lost', reason: 'daemon-unreachable' });
    const files = { 'outcome.json': lost, 'journal.ndjson': journalOf('intent', 'started') };
    const run = storeRun(directory.path, { files });
    const states: string[] = [];
    const { createRuntime } = fakeRuntime(async () => {
      states.push((await readRun(run)).state);
      return SUCCEEDED;
    });
    expect((await recover(run, createRuntime)).outcome.status).toBe('succeeded');
    expect(states).toEqual(['running']);
    expect(written(run).status).toBe('succeeded');
  });

  it('that was killed between outcome and clearing away keeps its outcome and is cleared away', async () => {
    using directory = temporaryDirectory();
    const outcome = outcomeOf();
    const run = storeRun(directory.path, {
      files: { 'outcome.json': outcome, 'journal.ndjson': journalOf('intent', 'started', 'collected') },
    });
    const { createRuntime, asked } = fakeRuntime();
    expect((await recover(run, createRuntime)).outcome).toEqual(outcome);
    expect(asked).toEqual(['release']);
    expect(written(run)).toEqual(outcome);
  });

  it('that cannot be cleared away says so, and keeps its outcome', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, {
      files: { 'outcome.json': outcomeOf(), 'journal.ndjson': journalOf('intent') },
    });
    const { createRuntime } = fakeRuntime(undefined, () =>
      Promise.reject(new RunnerError('daemon-failed', 'Busy.')),
    );
    const { outcome, leftover } = await recover(run, createRuntime);
    expect(outcome).toEqual(outcomeOf());
    expect(leftover).toMatchObject({
      code: 'daemon-failed',
      message: `Run ${RUN_ID} has ended (succeeded), but what it has made could not all be removed: Busy.`,
    });
    expect(written(run)).toEqual(outcomeOf());
  });

  it('that cannot be cleared away for want of the daemon is the same', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, {
      files: { 'outcome.json': outcomeOf(), 'journal.ndjson': journalOf('intent') },
    });
    const away = new RunnerError('daemon-unreachable', 'No answer.');
    expect(await recover(run, () => Promise.reject(away))).toMatchObject({
      ...{ outcome: outcomeOf(), leftover: { code: 'daemon-unreachable', cause: away } },
    });
  });

  it('is cancelled from the start if it was asked to stop', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { files: { 'stop.json': '' } });
    const { createRuntime } = fakeRuntime((_run, { signal }) => Promise.reject(signal.reason as Error));
    expect((await recover(run, createRuntime)).outcome).toMatchObject({
      ...{ status: 'cancelled', reason: 'interrupted' },
    });
  });
});

describe('a run with a key', () => {
  const files = { 'request.json': { evaluate: true, startedAt: NOW, key: 'task' } };

  it('that was killed before it could claim the key claims it now', async () => {
    using directory = temporaryDirectory();
    const { createRuntime, asked } = fakeRuntime();
    await recover(storeRun(directory.path, { files }), createRuntime);
    expect(asked).toEqual(['run', 'release']);
    const other = storeRun(directory.path, { runId: '20260301-140509-bbbbbb' });
    expect(await claimKey(directory.path, 'task', other)).toBe(false);
  });

  it('trains nothing if another run has got the key since', async () => {
    using directory = temporaryDirectory();
    const other = storeRun(directory.path, { runId: '20260301-140509-bbbbbb' });
    await claimKey(directory.path, 'task', other);
    const run = storeRun(directory.path, { files });
    const { outcome } = await recover(run);
    expect(outcome).toMatchObject({
      ...{ status: 'cancelled', reason: 'interrupted', training: NO_TRAINING },
      message: 'Nothing was trained: another run has the key "task".',
    });
    expect(written(run)).toEqual(outcome);
  });
});

describe('a run whose trainer died with its process', () => {
  it('is lost, with how far it had got', async () => {
    using directory = temporaryDirectory();
    const checkpoint = { seq: 2, t: NOW + 2, type: 'checkpoint', epoch: 1, step: 10, path: 'c', best: true };
    const events = `${logEvent(0)}${epochEvent(1, 1)}${JSON.stringify(checkpoint)}\n{"seq":3,"t":`;
    const run = storeRun(directory.path, { mode: 'inprocess', files: { 'events.ndjson': events } });
    const { outcome, error } = await recover(run);
    expect(outcome).toMatchObject({
      ...{ status: 'lost', reason: 'killed', exitCode: null, signal: null },
      message: 'The process that the run belonged to is gone, and its trainer with it.',
      training: {
        ...{ epochsCompleted: 1, stepsCompleted: 10, bestEpoch: 1, finalLoss: 0.5, valAccuracy: 0.9 },
        weightsDigest: null,
      },
    });
    expect(error).toMatchObject({ code: 'killed', exitCode: 1 });
    expect(outcome.resources).toEqual({ wallMs: outcome.endedAt - outcome.startedAt });
    expect(written(run)).toEqual(outcome);
    expect(await isAbandoned(await readRun(run))).toBe(false);
  });

  it('is judged by all that the trainer wrote, which ends a moment after its process', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { mode: 'process' });
    const path = JSON.stringify(join(run.runDir, 'exit.json'));
    const record = JSON.stringify(JSON.stringify(EXIT_RECORD));
    const write = `setTimeout(() => require('fs').writeFileSync(${path}, ${record}), 40)`;
    const trainer = spawn(process.execPath, ['-e', `console.log('ready'); ${write}`]);
    await recordTrainer(run.runDir, trainer.pid!);
    await once(trainer.stdout, 'data');
    expect((await recover(run)).outcome).toMatchObject({ status: 'succeeded', phases: { train: 12 } });
  });

  it('before it wrote anything is lost with nothing', async () => {
    using directory = temporaryDirectory();
    const { outcome } = await recover(storeRun(directory.path, { mode: 'process' }));
    expect(outcome).toMatchObject({ status: 'lost', training: NO_TRAINING, phases: {} });
  });

  it('and has spoilt its event log is lost all the same, and the log is told of', async () => {
    using directory = temporaryDirectory();
    const files = { 'events.ndjson': `${logEvent(0)}nonsense\n` };
    const { outcome, error } = await recover(storeRun(directory.path, { mode: 'inprocess', files }));
    expect(outcome).toMatchObject({ status: 'lost', reason: 'killed', training: NO_TRAINING });
    expect(error).toMatchObject({ code: 'killed', suppressed: [{ code: 'run-corrupt' }] });
  });

  it('has succeeded if the trainer was through, as a process of its own can be', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { mode: 'process', files: { 'exit.json': EXIT_RECORD } });
    const { outcome, error } = await recover(run);
    expect(outcome).toMatchObject({
      status: 'succeeded',
      reason: null,
      message: null,
      phases: { train: 12 },
    });
    expect(outcome.training.epochsCompleted).toBe(2);
    expect(error).toBeUndefined();
  });

  it('has failed as the trainer says that it has', async () => {
    using directory = temporaryDirectory();
    const record = {
      ...{ ...EXIT_RECORD, status: 'failed', reason: 'diverged', message: 'The loss is NaN.' },
      error: { code: 'diverged', hint: 'Lower it.' },
    };
    const run = storeRun(directory.path, { mode: 'process', files: { 'exit.json': record } });
    const { outcome, error } = await recover(run);
    expect(outcome).toMatchObject({ status: 'failed', reason: 'diverged', message: 'The loss is NaN.' });
    expect(error).toMatchObject({ code: 'diverged', hint: 'Lower it.' });
  });

  it('is lost if the trainer only noticed that its process was gone', async () => {
    using directory = temporaryDirectory();
    const record = { ...EXIT_RECORD, status: 'cancelled', reason: 'interrupted', message: 'Cancelled.' };
    const run = storeRun(directory.path, { mode: 'process', files: { 'exit.json': record } });
    const { outcome } = await recover(run);
    expect(outcome).toMatchObject({ status: 'lost', reason: 'killed', training: { epochsCompleted: 2 } });
  });
});

describe('two who recover one run', () => {
  it('at once: one does it, the other is told that it is busy', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    const { createRuntime, asked } = fakeRuntime();
    const both = await Promise.allSettled([recover(run, createRuntime), recover(run, createRuntime)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'run-busy', message: `Run ${RUN_ID} belongs to a process that lives.` },
    });
    expect(asked).toEqual(['run', 'release']);
  });

  it('one after the other: the second finds it ended and does nothing', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    const looked = await readRun(run);
    // The first has been through and has died since the second one looked.
    const outcome = outcomeOf({ message: 'by the first' });
    writeFileSync(join(run.runDir, 'outcome.json'), JSON.stringify(outcome));
    writeFileSync(join(run.runDir, 'journal.ndjson'), journalOf('intent', 'removed'));
    const text = readFileSync(join(run.runDir, 'outcome.json'), 'utf8');
    const finished = await finishAbandoned(
      looked,
      { signal: new AbortController().signal, onEvent: () => undefined },
      {
        createRuntime: NEVER_MADE,
        clock: CLOCK,
      },
    );
    expect(finished.outcome).toEqual(outcome);
    expect(readFileSync(join(run.runDir, 'outcome.json'), 'utf8')).toBe(text);
  });

  it('is refused while its process lives, whatever was seen of it before', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { owner: 'this' });
    await expect(recover(run)).rejects.toMatchObject({ code: 'run-busy' });
    expect(existsSync(join(run.runDir, 'outcome.json'))).toBe(false);
  });

  it('says so if it is removed meanwhile', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    const looked = await readRun(run);
    rmSync(run.runDir, { recursive: true });
    const finishing = finishAbandoned(
      looked,
      { signal: new AbortController().signal, onEvent: () => undefined },
      {
        createRuntime: NEVER_MADE,
        clock: CLOCK,
      },
    );
    await expect(finishing).rejects.toMatchObject({ code: 'run-not-found' });
    expect(existsSync(run.runDir)).toBe(false);
  });
});
