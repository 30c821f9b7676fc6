/** Each way in which a trainer can end, provoked for real, and what is made of it. */
import type Docker from 'dockerode';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../../src/common/event-log.js';
import { RunnerError } from '../../src/contract/errors.js';
import type { RunOutcome } from '../../src/contract/run-outcome.js';
import { outcomeOf, surroundings, type Surroundings } from '../contract/support/modes.js';
import { expectNoLeftovers, hasDaemon } from '../support/docker.js';
import { faultImage, removeFaultImages } from './support/fault-images.js';
import { testImage } from './support/image.js';
import { ENDLESS, runInDocker, type DockerRunOptions, type WatchedRun } from './support/runs.js';

let here: Surroundings;
beforeAll(async () => {
  if (hasDaemon()) here = await surroundings({ train: 600, test: 100 });
});
afterAll(async () => {
  if (!hasDaemon()) return;
  await removeFaultImages();
  here[Symbol.dispose]();
});
afterEach(expectNoLeftovers);

const MIB = 1024 ** 2;
const inImage = async (fault: string, options: DockerRunOptions = {}): Promise<WatchedRun> =>
  runInDocker(here, { ...options, image: await faultImage(fault) });
/** An endless run to which something is done at its first checkpoint. */
const disturbed = (
  act: (container: Docker.Container) => Promise<unknown>,
  options: DockerRunOptions = {},
): Promise<WatchedRun> => {
  let done = false;
  return runInDocker(here, {
    hyperparameters: ENDLESS,
    ...options,
    onEvent: ({ type }, { container }) => {
      if (type !== 'checkpoint' || done) return;
      done = true;
      void act(container);
    },
  });
};
/** What tells the outcomes apart. */
const shown = ({ outcome, error }: WatchedRun) => {
  const { status, reason, exitCode, signal, message } = outcome;
  return { status, reason, exitCode, signal, message, code: (error as RunnerError | undefined)?.code };
};
const reached = ({ outcome: { training } }: WatchedRun): RunOutcome['training'] => training;
const logOf = ({ runDir }: WatchedRun): string => readFileSync(join(runDir, 'trainer.log'), 'utf8');

describe('a trainer that ends by itself', () => {
  it('has succeeded', async () => {
    const run = await runInDocker(here);
    expect(shown(run)).toEqual({
      ...{ status: 'succeeded', reason: null, exitCode: 0, signal: null, message: null, code: undefined },
    });
    expect(outcomeOf(run.runDir)).toEqual(run.outcome);
    expect(Object.keys(run.outcome.phases)).toEqual([
      ...['create', 'fill', 'start', 'trainerStartup', 'data', 'engine', 'trace', 'train', 'firstStep'],
      ...['save', 'collect', 'remove'],
    ]);
    expect(run.told).toEqual(await readEvents(join(run.runDir, 'events.ndjson')));
  });

  it('has failed by an exception of its own', async () => {
    const run = await inImage('throws');
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'exception', exitCode: 1, signal: null, code: 'internal' },
      message: 'provoked at the first checkpoint',
    });
    expect(reached(run)).toMatchObject({ epochsCompleted: 1, stepsCompleted: 5 });
  });

  it('has ended with a status of its own', async () => {
    const run = await inImage('ends with status 7');
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'crashed', exitCode: 7, signal: null, code: 'crashed' },
      message: 'The trainer ended with exit status 7 without a word.',
    });
    // The checkpoint was written, and what was told of it lies in the trainer's own log.
    expect(run.told.at(-1)).toMatchObject({ type: 'checkpoint', step: 5 });
    expect(existsSync(join(run.runDir, 'checkpoints', 'step-000000005.safetensors'))).toBe(true);
    expect(reached(run)).toMatchObject({ epochsCompleted: 1, stepsCompleted: 5, bestEpoch: 1 });
  });

  it('has not succeeded only because it says so', async () => {
    const run = await inImage('says that it succeeded');
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'crashed', exitCode: 0, signal: null, code: 'crashed' },
      message: 'The trainer ended with exit status 0 without a word.',
    });
    expect(reached(run)).toMatchObject({ epochsCompleted: 1, weightsDigest: null });
  });

  it('has crashed natively', async () => {
    const run = await inImage('crashes natively');
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'crashed', exitCode: 139, signal: 'SIGSEGV', code: 'crashed' },
      message: 'The trainer crashed (SIGSEGV).',
    });
  });

  it('was killed by the kernel, for its memory', async () => {
    const run = await inImage('takes all memory', { limits: { memoryBytes: 800 * MIB } });
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'out-of-memory', exitCode: 137, signal: 'SIGKILL' },
      ...{ code: 'out-of-memory' },
      message: 'The trainer was killed because its memory was used up (limit: 800 MiB).',
    });
    expect(run.outcome.trainer!.peakMemoryBytes).toBeLessThanOrEqual(800 * MIB);
  });

  it('has filled its JavaScript heap', async () => {
    const run = await inImage('fills its heap', { limits: { memoryBytes: 800 * MIB } });
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'heap-exhausted', exitCode: 134, signal: 'SIGABRT' },
      ...{ code: 'heap-exhausted', message: 'The trainer used up its JavaScript heap.' },
    });
    expect(logOf(run)).toContain('JavaScript heap out of memory');
  });

  it('was killed in the middle of what it does, and its scratch files are in nobody’s way', async () => {
    for (const fault of ['is killed while it traces', 'is killed while it says how it ended']) {
      const run = await inImage(fault);
      expect(shown(run), fault).toEqual({
        ...{ status: 'failed', reason: 'killed', exitCode: 137, signal: 'SIGKILL', code: 'killed' },
        message: 'The trainer was ended from outside (SIGKILL).',
      });
    }
  });
});

describe('a trainer that others end', () => {
  it('is killed', async () => {
    const run = await disturbed((container) => container.kill());
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'killed', exitCode: 137, signal: 'SIGKILL', code: 'killed' },
      message: 'The trainer was ended from outside (SIGKILL).',
    });
    expect(reached(run).epochsCompleted).toBeGreaterThan(0);
  });

  it('is stopped', async () => {
    const run = await disturbed((container) => container.stop());
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'killed', exitCode: 143, signal: 'SIGTERM', code: 'killed' },
      message: 'The trainer was ended from outside (SIGTERM).',
    });
  });

  it('is removed, and what it was seen to do is kept', async () => {
    const run = await disturbed((container) => container.remove({ force: true }));
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'killed', exitCode: null, signal: null, code: 'killed' },
      message: "The trainer's container is gone: somebody has removed it.",
    });
    expect(reached(run).epochsCompleted).toBeGreaterThan(0);
  });

  it('is paused for longer than its output is watched for, and goes on', async () => {
    let paused = false;
    const run = await runInDocker(here, {
      timing: { pollMs: 100 },
      onEvent: ({ type }, { container }) => {
        if (type !== 'checkpoint' || paused) return;
        paused = true;
        void container.pause().then(() => setTimeout(() => void container.unpause(), 1000));
      },
    });
    expect(shown(run)).toMatchObject({ status: 'succeeded', exitCode: 0 });
  });
});

describe('a trainer that we end', () => {
  const aborted = (fault: string | undefined, reason: Error, graceMs: number): Promise<WatchedRun> => {
    const options: DockerRunOptions = {
      hyperparameters: ENDLESS,
      timing: { graceMs },
      limits: { timeoutMs: 3_600_000 },
      onEvent: ({ type }, { abort }) => type === 'checkpoint' && setImmediate(() => abort(reason)),
    };
    return fault === undefined ? runInDocker(here, options) : inImage(fault, options);
  };
  const cancel = new Error('cancelled by the test');
  const timeout = new RunnerError('timeout', 'The run took longer than its limit of 3600 s.');

  it('ends in good order when it is cancelled', async () => {
    const run = await aborted(undefined, cancel, 60_000);
    expect(shown(run)).toEqual({
      ...{ status: 'cancelled', reason: 'interrupted', exitCode: 143, signal: 'SIGTERM', code: undefined },
      message: 'The run was cancelled.',
    });
    expect(reached(run).stepsCompleted).toBeGreaterThan(0);
  });

  it('ends in good order when its time is up', async () => {
    const run = await aborted(undefined, timeout, 60_000);
    expect(shown(run)).toEqual({
      ...{ status: 'timed-out', reason: 'timeout', exitCode: 143, signal: 'SIGTERM', code: 'timeout' },
      message: 'The run took longer than its limit of 3600 s.',
    });
  });

  it('is killed after its grace if it does not listen', async () => {
    const run = await aborted('ignores SIGTERM', timeout, 1000);
    expect(shown(run)).toEqual({
      ...{ status: 'timed-out', reason: 'timeout', exitCode: 137, signal: 'SIGKILL', code: 'timeout' },
      message: 'The run took longer than its limit of 3600 s.',
    });
    expect(reached(run).epochsCompleted).toBeGreaterThan(0);
  });

  it('is killed at once when it prints without end', async () => {
    const run = await inImage('prints without end');
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'log-flood', exitCode: 137, signal: 'SIGKILL', code: 'log-flood' },
      message: 'The trainer printed more than 64 MiB and was ended.',
    });
    const bytes = Buffer.byteLength(logOf(run));
    expect(bytes).toBeGreaterThan(60 * MIB);
    expect(bytes).toBeLessThan(80 * MIB);
  });
});

describe('a trainer that is not to be trusted', () => {
  it.each([
    ['leaves a link', /"?out\/artifacts\/passwords"? is a symbolic link\.$/],
    ['leaves a huge file', /out\/artifacts\/huge"? has 10000000000 bytes; all results together may have \d+/],
    ['leaves 100,000 files', /is one more than 10000 files and folders\.$/],
    ['leaves a file of its own', /out\/mine"? is none of the results \(/],
    ['changes an artifact', /manifest\.json\.txt"? is not in the manifest\.$/],
    ['forges an event', /^Event \d+ of the trainer's log is not the one that it sent\.$/],
  ])('%s: nothing of it is taken over', async (fault, message) => {
    const run = await inImage(fault);
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'artifact-rejected', exitCode: 0, signal: null },
      ...{ code: 'artifact-rejected', message: expect.stringMatching(message) as string },
    });
    expect(reached(run).weightsDigest).toBeNull();
    for (const name of ['artifacts', 'checkpoints', 'exit.json', '.collected', '.collected.partial']) {
      expect(existsSync(join(run.runDir, name)), name).toBe(false);
    }
  });

  it('prints what it likes: nothing of it passes for an event, and a reader can show it', async () => {
    const [run, quiet] = [await inImage('prints what it likes'), await runInDocker(here)];
    expect(shown(run)).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(run.outcome.training.weightsDigest).toBe(quiet.outcome.training.weightsDigest);
    expect(run.told.map(({ seq, type }) => [seq, type])).toEqual(
      quiet.told.map(({ seq, type }) => [seq, type]),
    );
    expect(run.told).toEqual(await readEvents(join(run.runDir, 'events.ndjson')));
    const lines = logOf(run).split('\n');
    const texts = lines.map((line) => line.replace(/^\S+ /, ''));
    expect(texts).toContain('stdout \ufffd\ufffd\\u0000\\u001b[2J');
    // The daemon stores each byte that is no character as one.
    expect(texts).toContain('stdout {"\ufffd\ufffd');
    expect(texts).toContain('stderr end\ufffd\ufffd');
    const long = texts.find((text) => text.startsWith('stderr long '))!;
    expect(long.length).toBeLessThan(2 * MIB);
    expect(long).toMatch(/… \[\d+ bytes cut\]$/);
  });
});

describe('a run that wants a GPU, of a daemon that has none', () => {
  const runFor = async (prefer: boolean, onNotice: (text: string) => void): Promise<WatchedRun> =>
    runInDocker(here, {
      spec: { container: { image: (await testImage()).tag, gpu: { devices: 'all', prefer } } },
      onNotice,
    });

  it('does not begin: it never trains on the processor unseen', async () => {
    const run = await runFor(false, () => expect.unreachable());
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'gpu-unavailable', exitCode: null, signal: null },
      ...{ code: 'gpu-unavailable' },
      message: expect.stringContaining('could not select device driver') as string,
    });
    expect((run.error as RunnerError).exitCode).toBe(3);
  });

  it('goes on without where it only prefers one, and says so', async () => {
    const notices: string[] = [];
    const run = await runFor(true, (text) => notices.push(text));
    expect(shown(run)).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(notices).toEqual([
      expect.stringMatching(
        /could not select device driver.* The run goes on without a GPU, as --gpu=prefer/,
      ),
    ]);
  });
});

describe('a run that cannot begin', () => {
  it('has no image', async () => {
    const id = `sha256:${'0'.repeat(64)}`;
    const run = await runInDocker(here, { image: { tag: 'runner-trainer:none', id, bytes: 0 } });
    expect(shown(run)).toMatchObject({
      ...{ status: 'failed', reason: 'image-missing', exitCode: null, signal: null, code: 'image-missing' },
    });
    expect(run.outcome.message).toContain(`No such image: ${id} (HTTP 404)`);
  });
});
