/** What every runtime promises, whichever it is. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../../src/common/event-log.js';
import { DEFAULT_LIMITS } from '../../src/contract/limits.js';
import type { RunEvent } from '../../src/contract/run-event.js';
import { readNewestCheckpoint } from '../../src/trainer/checkpoints/folder.js';
import { expectNoLeftovers } from '../support/docker.js';
import { removeFaultImages } from '../docker/support/fault-images.js';
import {
  faultyRuntime,
  filesIn,
  ISOLATED,
  MODES,
  outcomeOf,
  runIn,
  surroundings,
  type Surroundings,
  type TestedMode,
  type WatchedRun,
} from './support/modes.js';

let here: Surroundings;
const succeeded = new Map<TestedMode, WatchedRun>();
beforeAll(async () => {
  here = await surroundings({ train: 1000, test: 200 });
  for (const mode of MODES) succeeded.set(mode, await runIn(mode, here));
});
afterAll(async () => {
  await removeFaultImages();
  here[Symbol.dispose]();
});
afterEach(expectNoLeftovers);

/** Long enough for a metric event, which comes every 100 steps. */
const LONG = { epochs: 20, batchSize: 90, earlyStopping: false } as const;
const ENDLESS = { epochs: 100_000, earlyStopping: false } as const;
const resultOf = (mode: TestedMode): WatchedRun => succeeded.get(mode)!;
const reference = (): WatchedRun => resultOf('inprocess');

/** Without what the clock, the machine's mood and the run's own name decide. */
function shapeOf(event: RunEvent): unknown {
  switch (event.type) {
    case 'phase':
      return [event.seq, event.type, event.name, event.state];
    case 'epoch':
      return { ...event, t: 0, imagesPerSecond: 0 };
    case 'artifact':
      return event.path.endsWith('.png') ? [event.seq, event.path] : { ...event, t: 0 };
    case 'metric':
      return [event.seq, event.step, Object.keys(event.values), event.values.loss];
    case 'system':
      return [event.seq, event.type];
    default:
      return { ...event, t: 0 };
  }
}

describe.each(MODES)('a run that succeeds, %s', (mode) => {
  it('has the weights of the run in this process, to the bit', () => {
    const { status, message, training } = resultOf(mode).outcome;
    expect([status, message]).toEqual(['succeeded', null]);
    expect(training.weightsDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(training.weightsDigest).toBe(reference().outcome.training.weightsDigest);
  });

  it('tells the same events, and tells them as they are on disk', async () => {
    const { told, runDir } = resultOf(mode);
    expect(told).toEqual(await readEvents(join(runDir, 'events.ndjson')));
    expect(told.map(shapeOf)).toEqual(reference().told.map(shapeOf));
  });

  it('has an outcome of the same shape and the same figures', () => {
    const { outcome } = resultOf(mode);
    expect(outcomeOf(resultOf(mode).runDir)).toEqual(outcome);
    const { imagesPerSecond, ...figures } = outcome.training;
    const { imagesPerSecond: other, ...expected } = reference().outcome.training;
    expect(figures).toEqual(expected);
    expect([imagesPerSecond, other]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Object.keys(outcome.phases)).toEqual(
      expect.arrayContaining(['engine', 'trace', 'train', 'firstStep', 'save', 'evaluate']),
    );
  });

  it('leaves the same artifacts, byte for byte but for the pictures', () => {
    const [dir, expected] = [resultOf(mode).runDir, reference().runDir];
    const files = filesIn(dir, 'artifacts');
    expect(files).toEqual(filesIn(expected, 'artifacts'));
    // The title of a picture is the run's id; the manifest holds the digests of the pictures.
    for (const file of files.filter((name) => !/\.png$|^manifest\.json$/.test(name))) {
      const [a, b] = [dir, expected].map((run) => readFileSync(join(run, 'artifacts', file)));
      expect(a!.equals(b!), file).toBe(true);
    }
    expect(filesIn(dir, 'checkpoints')).toEqual(filesIn(expected, 'checkpoints'));
  });
});

describe('a run in a container with half of the memory', () => {
  it('has the weights of the run in this process, to the bit', async () => {
    const limits = { memoryBytes: DEFAULT_LIMITS.memoryBytes / 2 };
    const { outcome } = await runIn('docker', here, { limits });
    expect([outcome.status, outcome.message]).toEqual(['succeeded', null]);
    expect(outcome.training.weightsDigest).toBe(reference().outcome.training.weightsDigest);
  });
});

describe.each(MODES)('a run that is cancelled, %s', (mode) => {
  it('ends as cancelled with a checkpoint of where it stopped', async () => {
    const { runDir, outcome, error } = await runIn(mode, here, {
      hyperparameters: ENDLESS,
      onEvent: (event, cancel) => event.type === 'checkpoint' && setImmediate(cancel),
    });
    expect(outcome).toMatchObject({
      status: 'cancelled',
      reason: 'interrupted',
      message: 'The run was cancelled.',
    });
    expect(error).toBeUndefined();
    const checkpoint = await readNewestCheckpoint(runDir);
    expect(checkpoint!.state.step).toBe(outcome.training.stepsCompleted);
    expect(outcome.training.stepsCompleted).toBeGreaterThan(0);
  });
});

/** Time enough to begin with its training, each in its way. */
const SECONDS = { inprocess: 3, process: 4, docker: 6 } as const satisfies Record<TestedMode, number>;

describe.each(MODES)('a run whose time is up, %s', (mode) => {
  it('ends as timed out and says what the limit was', async () => {
    const limits = { timeoutMs: SECONDS[mode] * 1000 };
    const { outcome } = await runIn(mode, here, { hyperparameters: ENDLESS, limits });
    expect(outcome).toMatchObject({
      ...{ status: 'timed-out', reason: 'timeout' },
      message: `The run took longer than its limit of ${SECONDS[mode]} s.`,
    });
    expect(outcome.training.stepsCompleted).toBeGreaterThan(0);
  });
});

/** The network of this job cannot be driven that far: a fault makes every number count as none. */
describe.each(ISOLATED)('a run whose loss leaves the numbers, %s', (mode) => {
  it('fails as diverged at the step it happened, with what it had reached', async () => {
    const runtime = await faultyRuntime(mode, here, 'loses its numbers');
    const { outcome, error } = await runIn(mode, here, { runtime, hyperparameters: LONG });
    expect(outcome).toMatchObject({ status: 'failed', reason: 'diverged', exitCode: 1, signal: null });
    expect(outcome.message).toMatch(/^The .*loss became .+ \(epoch \d+\)\.$/);
    expect(outcome.training.stepsCompleted).toBeGreaterThan(0);
    expect(error).toMatchObject({ code: 'diverged' });
  });
});

describe.each(ISOLATED)('a trainer that crashes, %s', (mode) => {
  it('takes nothing along: the run fails as crashed, with what it had told', async () => {
    const runtime = await faultyRuntime(mode, here, 'crashes natively');
    const { outcome, told, runDir } = await runIn(mode, here, { runtime });
    expect(outcome).toMatchObject({
      ...{ status: 'failed', reason: 'crashed', exitCode: 139, signal: 'SIGSEGV' },
      ...{ message: 'The trainer crashed (SIGSEGV).', training: { epochsCompleted: 1, weightsDigest: null } },
    });
    expect(await readEvents(join(runDir, 'events.ndjson'))).toEqual(told);
  });
});

describe.each(ISOLATED)('data that are not those of the spec, %s', (mode) => {
  it('fail the run before anything is trained', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`;
    const data = { dir: here.dataDir, digest: wrong, trainExamples: 1000, testExamples: 200 };
    const { outcome, runDir } = await runIn(mode, here, { spec: { data } });
    expect(outcome).toMatchObject({ status: 'failed', reason: 'bad-data' });
    expect(outcome.message).toContain(`expected ${wrong}, found ${here.dataset.digest}`);
    expect(existsSync(join(runDir, 'artifacts'))).toBe(false);
  });
});
