/** What a recorded run is on a real server, told by MLflow's own Python client. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runPath } from '../../src/contract/run-directory.js';
import type { RunStatus } from '../../src/contract/run-outcome.js';
import type { RunMode } from '../../src/contract/run-spec.js';
import { serverKey } from '../../src/tracking/record/keys.js';
import type { Recorded } from '../../src/tracking/tracking.js';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { runJson } from '../support/runner.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { fresh } from './support/connect.js';
import { readBack, sharedServers, type ReadBack } from './support/read-back.js';
import { expectedPoints, readExperiment } from './support/read-experiment.js';
import { artifactsOfRun, pointsOfRun, sha256, STARTED_AT, writeRunFixture } from './support/run-fixture.js';
import type { RunFixture, RunFixtureOptions } from './support/run-fixture.js';
import { callServer } from './support/server-api.js';
import { recordWhole, trackingAt } from './support/tracking.js';

const CLASSES = ['zero', 'one'];
const EVALUATION = {
  ...{ testLoss: 0.05, testAccuracy: 0.98, testExamples: 10_000 },
  ...{ macroPrecision: 0.97, macroRecall: 0.96, macroF1: 0.965, weightedF1: 0.966, confusionMatrix: [] },
  perClass: CLASSES.map((className, index) => ({
    ...{ className, precision: 0.9 + index / 100, recall: 0.8, f1: 0.85, support: 10 },
  })),
};

let runsDir: string;
beforeEach(() => {
  const folder = temporaryDirectory();
  runsDir = folder.path;
  onTestFinished(() => folder[Symbol.dispose]());
});
const write = (options: Partial<RunFixtureOptions> = {}): Promise<RunFixture> =>
  writeRunFixture({ runsDir, ...options });

async function recordAndRead(fixture: RunFixture, register?: string): Promise<ReadBack> {
  const options = { experiment: fresh('log-run'), ...(register === undefined ? {} : { register }) };
  const { mlflowRunId } = await recordWhole(await trackingAt(), fixture.run, options);
  return readBack(mlflowRunId, { artifacts: true });
}

const forgetTracking = ({ runDir }: RunFixture): void => rmSync(runPath(runDir, 'tracking'));

const readRuns = (experiment: string) => readExperiment({ ...sharedServers(), experiment });

describe('a run that succeeded', () => {
  it('is on the server with all that its directory tells', async () => {
    const fixture = await write({
      steps: 100,
      artifacts: {
        'eval/metrics.json': JSON.stringify(EVALUATION),
        'eval/confusion_matrix.png': 'a picture',
      },
    });
    const run = await recordAndRead(fixture, fresh('registered'));
    expect(run).toMatchObject({
      name: `mnist-cnn-inprocess-${fixture.runId.slice(-6)}`,
      ...{ status: 'FINISHED', lifecycleStage: 'active', startTimeMs: STARTED_AT },
      endTimeMs: fixture.run.outcome?.endedAt,
      params: {
        epochs: '2',
        batch_size: '128',
        seed: '7',
        threads: '2',
        mode: 'inprocess',
        'engine.name': 'tensorflow',
      },
      tags: {
        'runner.run_id': fixture.runId,
        'runner.mode': 'inprocess',
        'runner.weights_digest': fixture.run.outcome?.training.weightsDigest,
        'runner.engine': 'tensorflow 2.21.0',
        'runner.host': 'fixture-host',
        'mlflow.user': 'tester',
        'mlflow.source.git.commit': 'c0ffee'.padEnd(40, '0'),
      },
      latest: {
        ...{ loss: 0.5, val_accuracy: 0.89, 'step/accuracy': 1 - 1 / 101 },
        ...{
          'system/process_memory_usage_megabytes': 400.0001,
          'phase/train_ms': 700,
          'phase/engine_ms': 400.5,
        },
        ...{ best_epoch: 2, test_accuracy: 0.98, 'test_precision/one': 0.91, test_macro_f1: 0.965 },
      },
      datasets: [
        { name: 'mnist-cnn-train', context: 'train', digest: '1a2b3c4d'.repeat(8).slice(0, 36) },
        { name: 'mnist-cnn-test', context: 'eval' },
      ],
      models: [{ name: 'mnist-cnn', status: 'READY' }],
      outputs: [{ modelId: run.models[0]?.id, step: 100 }],
      versions: [{ version: '1', status: 'READY', tags: { 'runner.run_id': fixture.runId } }],
    });
    expect(run.artifacts.map(({ path }) => path)).toContain('eval/confusion_matrix.png');
  });

  it('has each point with the time, the step and the value of its event, NaN among them', async () => {
    const { mlflowRunId, points, experiment } = await recordWhole(
      await trackingAt(),
      (await write({ steps: 4, epochs: 1 })).run,
    );
    const { metrics } = await readBack(mlflowRunId);
    // That of its job, where no other is asked for.
    expect(experiment.name).toBe('mnist-cnn');
    expect(points).toBe(4 * 4 + 6);
    // The first event is a phase's, one tick after the start; each step has one of its own.
    const at = (step: number): number => STARTED_AT + (step + 1) * 7;
    expect(metrics['step/loss']).toEqual([
      { step: 1, timestamp: at(1), value: 2.5 },
      { step: 2, timestamp: at(2), value: 1.25 },
      { step: 3, timestamp: at(3), value: NaN },
      { step: 4, timestamp: at(4), value: Number.MAX_VALUE },
    ]);
    expect(metrics['step/images_per_second']?.map(({ value }) => value)).toEqual(
      [1, 2, 3, 4].map((step) => 10_000 + step / 3),
    );
    expect(metrics['epoch/val_loss']).toEqual([{ step: 1, timestamp: at(5), value: 1.1 }]);
  });

  it('has every artifact byte for byte, at the run and in the logged model', async () => {
    const fixture = await write({
      artifacts: { 'eval/metrics.json': JSON.stringify(EVALUATION), 'a b/ü%+&.txt': 'x' },
    });
    const experiment = fresh('artifacts');
    await recordWhole(await trackingAt(), fixture.run, { experiment });
    const [run] = await readRuns(experiment);
    const files = await artifactsOfRun(fixture);
    expect(run?.artifacts).toEqual(files);
    const model = Object.entries(files).filter(([path]) => path.startsWith('model/'));
    expect(run?.models).toHaveLength(1);
    expect(run?.models[0]?.artifacts).toMatchObject(
      Object.fromEntries(model.map(([path, digest]) => [path.slice('model/'.length), digest])),
    );
    expect(Object.keys(run?.models[0]?.artifacts ?? {})).toContain('MLmodel');
  });

  it('is the same after it was recorded again, and again without tracking.json, with what somebody has written at it', async () => {
    const fixture = await write({ steps: 600 });
    const options = { experiment: fresh('again'), register: fresh('registered') };
    const tracking = await trackingAt();
    const { mlflowRunId } = await recordWhole(tracking, fixture.run, options);
    const before = await readRuns(options.experiment);
    expect(before).toMatchObject([
      { key: fixture.runId, points: expectedPoints(await pointsOfRun(fixture)), outputs: 1 },
    ]);
    const description = { key: 'mlflow.note.content', value: 'The best so far.' };
    await callServer('runs/set-tag', { run_id: mlflowRunId, ...description });
    expect(await tracking.isPending(fixture.run)).toBe(false);
    await recordWhole(tracking, fixture.run, options);
    await recordWhole(tracking, fixture.run, { ...options, verify: true });
    forgetTracking(fixture);
    expect(await tracking.isPending(fixture.run)).toBe(true);
    await recordWhole(tracking, fixture.run, options);
    expect(await readRuns(options.experiment)).toEqual(before);
    expect((await readBack(mlflowRunId)).tags).toMatchObject({ [description.key]: description.value });
  });

  it('keeps in full what the server would not take as it is: long values, and unusual keys', async () => {
    const dir = `/data/${'x'.repeat(7_000)}`;
    const data = { dir, digest: `sha256:${'0'.repeat(64)}`, trainExamples: 10, testExamples: 2 };
    const fixture = await write({ spec: { data }, request: { tags: { '50 % of it': 'yes' } } });
    const experiment = fresh('long');
    const { mlflowRunId } = await recordWhole(await trackingAt(), fixture.run, { experiment });
    const run = await readBack(mlflowRunId);
    expect(run.params['data.dir']).toHaveLength(6_000);
    expect(run.params['data.dir']).toMatch(/^\/data\/x+… \[cut, /);
    const key = serverKey('50 % of it');
    expect(run.tags[key]).toBe('yes');
    const [there] = await readRuns(experiment);
    const written = (value: object): string => sha256(`${JSON.stringify(value, null, 2)}\n`);
    expect(there?.artifacts).toMatchObject({
      'logs/long-values.json': written([{ kind: 'param', key: 'data.dir', value: dir }]),
      'logs/renamed-keys.json': written({ '50 % of it': key }),
    });
  });
});

it('a real run, from `runner train` with its evaluation, is recorded whole and registered', async () => {
  const dataDir = join(runsDir, 'mnist');
  mkdirSync(dataDir);
  writeMnistSubset(dataDir, { train: 1_000, test: 200 });
  const register = fresh('registered');
  const experiment = fresh('real');
  const where = ['--data-dir', dataDir, '--runs-dir', join(runsDir, 'runs'), '--experiment', experiment];
  const { document, exitCode, stderr } = await runJson(
    ['train', '--epochs', '2', '--threads', '2', '--evaluate', '--live', '--register', register, ...where],
    { env: { MLFLOW_TRACKING_URI: sharedServers().uri } },
  );
  expect(exitCode, stderr).toBe(0);
  const { tracking, runId, testAccuracy } = document as unknown as {
    readonly tracking: Recorded & { readonly complete: boolean };
    readonly runId: string;
    readonly testAccuracy: number;
  };
  expect(tracking).toMatchObject({ complete: true, version: { name: register, version: '1' } });
  const run = await readBack(tracking.mlflowRunId, { artifacts: true });
  expect(run).toMatchObject({
    ...{ status: 'FINISHED', tags: { 'runner.run_id': runId }, latest: { test_accuracy: testAccuracy } },
    ...{ models: [{ status: 'READY' }], versions: [{ name: register }] },
  });
  expect(run.metrics['epoch/loss']?.map(({ step }) => step)).toEqual([1, 2]);
  expect(run.artifacts.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['eval/confusion_matrix.png', 'metrics/train_curve.png', 'logs/events.ndjson']),
  );
});

describe('a run that did not succeed', () => {
  it.each<[RunStatus, string, Partial<RunFixtureOptions['outcome']>]>([
    ['failed', 'FAILED', { reason: 'diverged', message: 'The loss became NaN in epoch 1.' }],
    ['cancelled', 'KILLED', { reason: 'interrupted', signal: 'SIGINT' }],
    ['timed-out', 'FAILED', { reason: 'timeout' }],
    ['lost', 'FAILED', { reason: 'daemon-unreachable' }],
  ])('%s is recorded as %s, with its reason', async (status, expected, outcome) => {
    const fixture = await write({ steps: 6, model: false, outcome: { ...outcome, status } });
    const run = await recordAndRead(fixture, 'never-registered');
    expect(run).toMatchObject({
      status: expected,
      endTimeMs: fixture.run.outcome?.endedAt,
      tags: { 'runner.status': status, 'runner.reason': outcome?.reason },
      ...{ models: [], versions: [], outputs: [] },
    });
    expect(run.metrics['step/accuracy']).toHaveLength(6);
  });
});

it('has the same shape whatever the mode', async () => {
  const shape = async (mode: RunMode) => {
    const { params, latest, datasets, models } = await recordAndRead(await write({ mode }));
    const own = ['container.image'];
    return {
      params: Object.keys(params)
        .filter((key) => !own.includes(key))
        .sort(),
      metrics: Object.keys(latest).sort(),
      ...{ datasets, models: models.map(({ name }) => name) },
    };
  };
  const inProcess = await shape('inprocess');
  expect(await shape('process')).toEqual(inProcess);
  expect(await shape('docker')).toEqual(inProcess);
});
