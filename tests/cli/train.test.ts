/** `runner train` and `runner evaluate` as a user runs them: the compiled command, real TensorFlow, real MNIST. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../../src/common/event-log.js';
import { RUN_ID_PATTERN } from '../../src/contract/run-directory.js';
import { runOutcomeSchema } from '../../src/contract/run-outcome.js';
import { runSpecSchema } from '../../src/contract/run-spec.js';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { runJson, runRunner } from '../support/runner.js';

let folder: string;
let dataDir: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-train-'));
  dataDir = join(folder, 'mnist-2000');
  mkdirSync(dataDir);
  writeMnistSubset(dataDir, { train: 2000, test: 500 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A spec that trains in a second. */
const small = (...more: string[]): string[] => [
  'train',
  ...[
    '--data-dir',
    dataDir,
    '--runs-dir',
    join(folder, 'runs'),
    '--epochs',
    '2',
    '--threads',
    '2',
    '--seed',
    '5',
  ],
  ...more,
];

interface TrainDocument {
  readonly runId: string;
  readonly runDir: string;
  readonly weightsDigest: string;
  readonly testAccuracy?: number;
}
async function trainSmall(...more: string[]): Promise<TrainDocument> {
  const { exitCode, document, stderr } = await runJson(small(...more));
  expect(exitCode, stderr).toBe(0);
  return document as unknown as TrainDocument;
}

describe('a run', () => {
  let run: TrainDocument & Record<string, unknown>;
  beforeAll(async () => {
    run = (await trainSmall('--evaluate')) as typeof run;
  });

  it('is told as one JSON document with the promised members', () => {
    expect(Object.keys(run).sort()).toEqual(
      [
        ...['runId', 'runDir', 'mode', 'status', 'reason', 'weightsDigest', 'testAccuracy', 'finalLoss'],
        ...['finalAccuracy', 'imagesPerSecond', 'phases', 'peakRssBytes', 'cpuSeconds', 'wallMs'],
        ...['exitCode', 'signal'],
      ].sort(),
    );
    expect(run).toMatchObject({ mode: 'inprocess', status: 'succeeded', reason: null });
    expect(run.runId).toMatch(RUN_ID_PATTERN);
    expect(run.weightsDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(Object.keys(run.phases as object)).toEqual([
      'startup',
      'data',
      'provision',
      'engine',
      'trace',
      'train',
      'firstStep',
      'save',
      'evaluate',
    ]);
  });

  it('learned something: two epochs of 1,800 images give more than 70 % on images it has not seen', () => {
    expect(run.testAccuracy).toBeGreaterThan(0.7);
  });

  it('leaves a directory with exactly what docs/run-directory.md lists', () => {
    const files = readdirSync(run.runDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(run.runDir.length + 1))
      .sort();
    expect(files).toEqual([
      'artifacts/eval/confusion_matrix.png',
      'artifacts/eval/metrics.json',
      'artifacts/eval/predictions.json',
      'artifacts/eval/sample_predictions.png',
      'artifacts/manifest.json',
      'artifacts/metrics/train_curve.png',
      'artifacts/model/saved_model/saved_model.pb',
      'artifacts/model/tfjs/model.json',
      'artifacts/model/tfjs/weights.bin',
      'checkpoints/step-000000015.safetensors',
      'checkpoints/step-000000030.safetensors',
      'events.ndjson',
      'outcome.json',
      'owner.json',
      'request.json',
      'spec.json',
    ]);
  });

  it('has a spec, events and an outcome that fit their schemas and each other', async () => {
    const spec = runSpecSchema.parse(readJson(run.runDir, 'spec.json'));
    const outcome = runOutcomeSchema.parse(readJson(run.runDir, 'outcome.json'));
    const events = await readEvents(join(run.runDir, 'events.ndjson'));
    expect(spec).toMatchObject({
      seed: 5,
      threads: 2,
      data: { dir: dataDir, trainExamples: 2000, testExamples: 500 },
    });
    expect(outcome.training).toMatchObject({ epochsCompleted: 2, stepsCompleted: 30, engineStep: 'traced' });
    const epochs = events.filter((event) => event.type === 'epoch');
    expect(epochs.map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 15],
      [2, 30],
    ]);
    expect(outcome.training.finalLoss).toBe(epochs[outcome.training.bestEpoch! - 1]!.loss);
    expect(events.filter((event) => event.type === 'checkpoint')).toHaveLength(2);
  });

  it('has a manifest with the sha256 and size of every artifact', () => {
    const { files } = readJson(run.runDir, 'artifacts/manifest.json') as {
      files: Record<string, { bytes: number; sha256: string }>;
    };
    expect(Object.keys(files)).toHaveLength(8);
    for (const [path, { bytes, sha256 }] of Object.entries(files)) {
      const content = readFileSync(join(run.runDir, 'artifacts', path));
      expect([path, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([
        path,
        bytes,
        sha256,
      ]);
    }
  });

  it('is shown by `runs show` and `runs ls`', async () => {
    const runsDir = join(folder, 'runs');
    const shown = await runRunner(['runs', 'show', run.runId, '--runs-dir', runsDir]);
    expect(shown.stdout).toContain(`Run ${run.runId}\n`);
    expect(shown.stdout).toContain('artifacts/eval/confusion_matrix.png');
    const listed = await runJson(['runs', 'ls', '--runs-dir', runsDir]);
    expect(listed.document.runs).toMatchObject([{ runId: run.runId, state: 'succeeded' }]);
  });

  it('can be evaluated again, with the same figures', async () => {
    const before = readJson(run.runDir, 'artifacts/eval/metrics.json');
    const { exitCode, document } = await runJson(['evaluate', run.runId, '--runs-dir', join(folder, 'runs')]);
    expect(exitCode).toBe(0);
    expect(document).toMatchObject(before as object);
    expect(document.testAccuracy).toBe(run.testAccuracy);
  });
});

describe('the same spec', () => {
  it('gives the same weights every time, five times', async () => {
    const digests: string[] = [];
    for (let i = 0; i < 5; i += 1) digests.push((await trainSmall()).weightsDigest);
    expect(new Set(digests).size).toBe(1);
  });

  it('gives the same weights when two runs share the machine and the runs directory', async () => {
    const runs = await Promise.all([trainSmall(), trainSmall()]);
    expect(runs[0].weightsDigest).toBe(runs[1].weightsDigest);
    expect(runs[0].runId).not.toBe(runs[1].runId);
  });

  it('gives other weights with another seed', async () => {
    const { weightsDigest } = await trainSmall();
    expect((await trainSmall('--seed', '6')).weightsDigest).not.toBe(weightsDigest);
  });
});

describe('without --evaluate', () => {
  it('the run has no test figures until `runner evaluate` adds them', async () => {
    const run = await trainSmall();
    expect(run.testAccuracy).toBeUndefined();
    expect(existsSync(join(run.runDir, 'artifacts/eval'))).toBe(false);
    const { document } = await runJson(['evaluate', run.runId, '--runs-dir', join(folder, 'runs')]);
    expect(document).toMatchObject({ runId: run.runId, testExamples: 500 });
    const { files } = readJson(run.runDir, 'artifacts/manifest.json') as { files: object };
    expect(Object.keys(files)).toContain('eval/confusion_matrix.png');
    const events = await readEvents(join(run.runDir, 'events.ndjson'));
    const ended = events.flatMap((event) =>
      event.type === 'phase' && event.state === 'end' ? [event.name] : [],
    );
    expect(ended.slice(ended.indexOf('save') + 1)).toEqual(['data', 'engine', 'trace', 'evaluate']);
  });

  it('evaluation refuses data that are no longer those of the run', async () => {
    const run = await trainSmall();
    writeMnistSubset(dataDir, { train: 2000, test: 499 });
    try {
      const { exitCode, document } = await runJson([
        'evaluate',
        run.runId,
        '--runs-dir',
        join(folder, 'runs'),
      ]);
      expect(exitCode).toBe(2);
      expect(document).toMatchObject({ error: { code: 'bad-data' } });
    } finally {
      writeMnistSubset(dataDir, { train: 2000, test: 500 });
    }
  });
});

describe('evaluation', () => {
  it('is done by one process at a time: another is told so, and nothing is written', async () => {
    const run = await trainSmall();
    const events = readFileSync(join(run.runDir, 'events.ndjson'), 'utf8');
    const release = await lockfile.lock(run.runDir, { lockfilePath: join(run.runDir, '.lock') });
    const evaluate = ['evaluate', run.runId, '--runs-dir', join(folder, 'runs')];
    try {
      const { exitCode, document } = await runJson(evaluate);
      expect([exitCode, document]).toMatchObject([2, { error: { code: 'run-busy' } }]);
      expect(readFileSync(join(run.runDir, 'events.ndjson'), 'utf8')).toBe(events);
    } finally {
      await release();
    }
    expect((await runJson(evaluate)).exitCode).toBe(0);
    expect(existsSync(join(run.runDir, '.lock'))).toBe(false);
  });

  it('refuses artifacts that a newer version of runner wrote', async () => {
    const run = await trainSmall();
    const manifest = join(run.runDir, 'artifacts/manifest.json');
    writeFileSync(manifest, JSON.stringify({ schemaVersion: 2, files: [] }));
    const { exitCode, document } = await runJson(['evaluate', run.runId, '--runs-dir', join(folder, 'runs')]);
    expect([exitCode, document]).toMatchObject([2, { error: { code: 'run-newer-schema' } }]);
  });
});

describe('the step', () => {
  it('can be forced op by op, which learns the same within rounding', async () => {
    const eager = await runJson(small('--evaluate', '--engine-step', 'eager'));
    expect(eager.exitCode, eager.stderr).toBe(0);
    const outcome = runOutcomeSchema.parse(readJson(eager.document.runDir as string, 'outcome.json'));
    expect(outcome.training.engineStep).toBe('eager');
    const traced = await runJson(small('--evaluate', '--engine-step', 'traced'));
    expect(
      Math.abs((eager.document.testAccuracy as number) - (traced.document.testAccuracy as number)),
    ).toBeLessThan(0.02);
  });
});

const readJson = (runDir: string, file: string): unknown =>
  JSON.parse(readFileSync(join(runDir, file), 'utf8'));
