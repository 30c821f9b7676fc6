import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactPath } from '../../../../src/contract/run-directory.js';
import {
  NO_TRAINING,
  RUN_STATUSES,
  type RunOutcome,
  type RunStatus,
} from '../../../../src/contract/run-outcome.js';
import { RUN_MODES, runSpecSchema, type RunSpec } from '../../../../src/contract/run-spec.js';
import { describeRun, type DescribedRun } from '../../../../src/tracking/record/describe-run.js';
import { readEvaluation, type Evaluation } from '../../../../src/tracking/record/evaluation-file.js';
import { isServerKey } from '../../../../src/tracking/record/keys.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const DIGEST = `sha256:${'5a65ae69c85ba68e'.repeat(4)}`;
const WEIGHTS = `sha256:${'b'.repeat(64)}`;
const RUN_ID = '20261125-184947-gykkqh';

const SPEC: RunSpec = {
  schemaVersion: 1,
  job: 'mnist-cnn',
  mode: 'inprocess',
  hyperparameters: {
    epochs: 3,
    batchSize: 32,
    learningRate: 0.002,
    learningRateSchedule: 'cosine',
    validationSplit: 0.1,
    earlyStopping: true,
    patience: 5,
  },
  seed: 42,
  threads: 2,
  engine: { name: 'tensorflow', version: '2.21.0', step: 'auto' },
  data: { dir: '/data/mnist', digest: DIGEST, trainExamples: 6000, testExamples: 1000 },
};

const CONTAINER_SPEC: RunSpec = {
  ...SPEC,
  mode: 'docker',
  limits: { memoryBytes: 2 ** 31, cpus: 1.5, pids: 256, shmBytes: 2 ** 26, timeoutMs: 60_000 },
  container: { image: 'runner-trainer:cpu', gpu: { devices: ['0', 'GPU-1'], prefer: true } },
};

const OUTCOME: RunOutcome = {
  schemaVersion: 1,
  runId: RUN_ID,
  mode: 'inprocess',
  status: 'succeeded',
  reason: null,
  message: null,
  exitCode: null,
  signal: null,
  startedAt: 1_795_632_587_233.4,
  endedAt: 1_795_632_595_872.6,
  phases: { startup: 263.1, firstStep: 1998.9, train: 5132.7 },
  resources: {
    ...{ wallMs: 8639, cpuSeconds: 7.5, peakRssBytes: 612_298_752 },
    eventLoopDelay: { trainP99Ms: 21.4, maxMs: 412.7 },
  },
  training: {
    epochsCompleted: 3,
    stepsCompleted: 507,
    bestEpoch: 2,
    stoppedEarly: false,
    finalLoss: 0.13197700050418024,
    finalAccuracy: 0.9625925925925926,
    valLoss: 0.06934597223997116,
    valAccuracy: 0.98,
    imagesPerSecond: 3407.1,
    engineStep: 'traced',
    weightsDigest: WEIGHTS,
    testLoss: 0.09531739417518893,
    testAccuracy: 0.964,
  },
};

const EVALUATION: Evaluation = {
  testLoss: 0.0953,
  testAccuracy: 0.9641,
  macroPrecision: 0.91,
  macroRecall: 0.92,
  macroF1: 0.93,
  weightedF1: 0.94,
  perClass: [
    { className: 'T-shirt/top', precision: 0.5, recall: 0.6, f1: NaN },
    { className: 'Ankle boot', precision: 0.7, recall: 0.8, f1: 0.75 },
  ],
};

const described = (change: Partial<DescribedRun> = {}) =>
  describeRun({
    runId: RUN_ID,
    spec: SPEC,
    outcome: OUTCOME,
    evaluation: null,
    startedAt: 1_795_632_587_233.4,
    environment: { host: 'box', runnerVersion: '1.2.3' },
    ...change,
  });

const valuesOf = (entries: readonly { readonly key: string; readonly value: unknown }[]) =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value]));

it("has the caller's tags besides its own", () => {
  const { tags } = described({
    request: { evaluate: false, startedAt: 0, tags: { sweep: 'a', empty: '' } },
  });
  expect(valuesOf(tags)).toMatchObject({ sweep: 'a', empty: '', 'runner.run_id': RUN_ID });
});

describe('name, time and end', () => {
  it('names a run by job, mode and the end of its id, and finds it by its whole id', () => {
    const record = described();
    expect(record).toMatchObject({ key: RUN_ID, name: 'mnist-cnn-inprocess-gykkqh' });
    expect(valuesOf(record.tags)).toMatchObject({ 'runner.run_id': RUN_ID });
    expect(record.startTimeMs).toBe(1_795_632_587_233);
    expect(record.end).toEqual({ status: 'FINISHED', timeMs: 1_795_632_595_873 });
  });

  it('takes a stopped run for killed, and one that ran out of time or was lost for failed', () => {
    const ends = RUN_STATUSES.map((status) => [
      status,
      described({ outcome: { ...OUTCOME, status } }).end?.status,
    ]);
    expect(Object.fromEntries(ends)).toEqual({
      succeeded: 'FINISHED',
      failed: 'FAILED',
      'timed-out': 'FAILED',
      lost: 'FAILED',
      cancelled: 'KILLED',
    } satisfies Record<RunStatus, string>);
  });

  it('has no end and no final figures while the run goes on', () => {
    const record = described({ outcome: null });
    expect(record.end).toBeNull();
    expect(record.finalPoints).toEqual([]);
    expect(valuesOf(record.tags)).toMatchObject({
      'runner.status': 'running',
      'mlflow.note.content':
        "**Running** `mnist-cnn` in the runner's own process (`inprocess`) on `box`, since 2026-11-25T18:49:47.233Z",
    });
  });
});

describe('parameters', () => {
  it('are all of the spec, by the names that everybody knows', () => {
    expect(valuesOf(described().params)).toEqual({
      epochs: '3',
      batch_size: '32',
      learning_rate: '0.002',
      learning_rate_schedule: 'cosine',
      validation_split: '0.1',
      early_stopping: 'true',
      patience: '5',
      job: 'mnist-cnn',
      mode: 'inprocess',
      seed: '42',
      threads: '2',
      'engine.name': 'tensorflow',
      'engine.version': '2.21.0',
      'engine.step': 'auto',
      'data.dir': '/data/mnist',
      'data.digest': DIGEST,
      'data.train_examples': '6000',
      'data.test_examples': '1000',
      'spec.schema_version': '1',
    });
  });

  it('have limits and container besides, where the spec has them', () => {
    const inProcess = valuesOf(described().params);
    const inContainer = valuesOf(described({ spec: runSpecSchema.parse(CONTAINER_SPEC) }).params);
    expect(inContainer).toEqual({
      ...inProcess,
      mode: 'docker',
      'limits.memory_bytes': '2147483648',
      'limits.cpus': '1.5',
      'limits.pids': '256',
      'limits.shm_bytes': '67108864',
      'limits.timeout_ms': '60000',
      'container.image': 'runner-trainer:cpu',
      'container.gpu.devices': '["0","GPU-1"]',
      'container.gpu.prefer': 'true',
    });
  });

  it('are cut where a server would cut them, and kept in full', () => {
    const dir = `/${'x'.repeat(7000)}`;
    const record = described({ spec: { ...SPEC, data: { ...SPEC.data, dir } } });
    const value = valuesOf(record.params)['data.dir'] as string;
    expect(value).toHaveLength(6000);
    expect(value).toMatch(/^\/x+… \[cut, 7001 characters; in full in logs\/long-values\.json\]$/);
    expect(record.cut).toEqual([{ kind: 'param', key: 'data.dir', value: dir }]);
  });
});

describe('tags', () => {
  it('say how and where it ran; what is not known has none', () => {
    const { 'mlflow.note.content': note, ...tags } = valuesOf(described().tags);
    expect(note).toBe(
      `**Succeeded**: \`mnist-cnn\` in the runner's own process (\`inprocess\`) on \`box\`

3 of 3 epochs in 8.639 s; the weights are those of epoch 2

|  | loss | accuracy |
| --- | ---: | ---: |
| training | 0.132 | 0.9626 |
| validation | 0.06935 | 0.98 |
| test | 0.09532 | 0.964 |

Weights \`${WEIGHTS}\`: a run with the same digest has the same weights, to the bit`,
    );
    expect(tags).toEqual({
      'runner.run_id': RUN_ID,
      'runner.job': 'mnist-cnn',
      'runner.mode': 'inprocess',
      'runner.status': 'succeeded',
      'runner.weights_digest': WEIGHTS,
      'runner.engine': 'tensorflow 2.21.0',
      'runner.engine_step': 'traced',
      'runner.host': 'box',
      'runner.version': '1.2.3',
      'mlflow.source.type': 'LOCAL',
      'mlflow.source.name': 'runner',
    });
  });

  it('that an earlier recording may have set and that hold no more are named; those of MLflow are not', () => {
    expect(described().absentTags).toEqual([
      ...['runner.reason', 'runner.message', 'runner.exit_code', 'runner.signal'],
      ...['runner.image', 'runner.image_id', 'runner.key'],
    ]);
  });

  it('say who, from which commit, in which image and under which key', () => {
    const record = described({
      spec: CONTAINER_SPEC,
      request: { evaluate: true, startedAt: 1, key: 'dag/task/1' },
      environment: { host: 'box', runnerVersion: '1.2.3', user: 'ada', gitCommit: 'c0ffee' },
      outcome: { ...OUTCOME, mode: 'docker', image: { tag: 'runner-trainer:cpu', id: DIGEST, bytes: 1e9 } },
    });
    expect(valuesOf(record.tags)).toMatchObject({
      'runner.image': 'runner-trainer:cpu',
      'runner.image_id': DIGEST,
      'runner.key': 'dag/task/1',
      'mlflow.user': 'ada',
      'mlflow.source.git.commit': 'c0ffee',
    });
    expect(valuesOf(record.finalPoints)).toMatchObject({ 'image/bytes': 1e9 });
  });

  it('say of a failed run why, and show its message as it was printed', () => {
    const message = 'It needed **more**.\n| a | b |';
    const record = described({
      outcome: {
        ...OUTCOME,
        status: 'failed',
        reason: 'out-of-memory',
        message,
        exitCode: 137,
        signal: 'SIGKILL',
        training: NO_TRAINING,
      },
    });
    expect(valuesOf(record.tags)).toMatchObject({
      'runner.status': 'failed',
      'runner.reason': 'out-of-memory',
      'runner.message': message,
      'runner.exit_code': '137',
      'runner.signal': 'SIGKILL',
      'mlflow.note.content': `**Failed** (out-of-memory): \`mnist-cnn\` in the runner's own process (\`inprocess\`) on \`box\`

    It needed **more**.
    | a | b |

0 of 3 epochs in 8.639 s`,
    });
  });

  it('are cut where older servers would refuse them, and kept in full', () => {
    const message = 'm'.repeat(6000);
    const record = described({ outcome: { ...OUTCOME, status: 'failed', message } });
    expect(valuesOf(record.tags)['runner.message']).toHaveLength(5000);
    expect(valuesOf(record.tags)['mlflow.note.content']).toHaveLength(5000);
    expect(record.cut).toEqual([
      { kind: 'tag', key: 'runner.message', value: message },
      { kind: 'tag', key: 'mlflow.note.content', value: expect.stringContaining(message) as string },
    ]);
  });
});

describe('datasets', () => {
  it('are what it was trained and tried on, under two names, by the beginning of the digest', () => {
    const [train, test, ...others] = described().datasets;
    expect(others).toEqual([]);
    expect(train).toMatchObject({
      name: 'mnist-cnn-train',
      digest: '5a65ae69c85ba68e5a65ae69c85ba68e5a65',
      sourceType: 'local',
      source: '{"uri":"/data/mnist"}',
      profile: `{"num_rows":6000,"digest":"${DIGEST}"}`,
      context: 'train',
    });
    expect(test).toMatchObject({
      name: 'mnist-cnn-test',
      digest: '5a65ae69c85ba68e5a65ae69c85ba68e5a65',
      profile: `{"num_rows":1000,"digest":"${DIGEST}"}`,
      context: 'eval',
    });
  });

  it('leave the test images out until it was evaluated', () => {
    const untested = {
      ...OUTCOME,
      training: { ...OUTCOME.training, testLoss: undefined, testAccuracy: undefined },
    };
    const contexts = (change: Partial<DescribedRun>) =>
      described(change).datasets.map(({ context }) => context);
    expect(contexts({ outcome: null })).toEqual(['train']);
    expect(contexts({ outcome: untested })).toEqual(['train']);
    expect(contexts({ outcome: untested, evaluation: EVALUATION })).toEqual(['train', 'eval']);
  });
});

describe('final points', () => {
  it('are the figures of the whole run, at its end and without a step; null figures have none', () => {
    const points = described().finalPoints;
    expect(valuesOf(points)).toEqual({
      loss: 0.13197700050418024,
      accuracy: 0.9625925925925926,
      val_loss: 0.06934597223997116,
      val_accuracy: 0.98,
      best_epoch: 2,
      test_loss: 0.09531739417518893,
      test_accuracy: 0.964,
      'training/epochs_completed': 3,
      'training/steps_completed': 507,
      'training/images_per_second': 3407.1,
      'resources/wall_ms': 8639,
      'resources/cpu_seconds': 7.5,
      'resources/peak_memory_bytes': 612_298_752,
      'resources/event_loop_delay_train_p99_ms': 21.4,
      'resources/event_loop_delay_max_ms': 412.7,
      'phase/startup_ms': 263.1,
      'phase/first_step_ms': 1998.9,
      'phase/train_ms': 5132.7,
    });
    expect(new Set(points.map(({ timestamp, step }) => `${timestamp} ${step}`))).toEqual(
      new Set(['1795632595873 0']),
    );
    expect(described({ outcome: { ...OUTCOME, training: NO_TRAINING } }).finalPoints).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ key: 'loss' })]),
    );
  });

  it('are none of a run that was lost: it may be found, and end with others', () => {
    expect(described({ outcome: { ...OUTCOME, status: 'lost' } }).finalPoints).toEqual([]);
  });

  it('have quality by class, with names that a server takes, and NaN as it is', () => {
    const record = described({ evaluation: EVALUATION });
    const top = Object.values(record.renamed)[0]!.replace('test_precision/', '');
    expect(top).toMatch(/^T-shirt_top\.[0-9a-f]{12}$/);
    expect(record.renamed).toEqual({
      'test_precision/T-shirt/top': `test_precision/${top}`,
      'test_recall/T-shirt/top': `test_recall/${top}`,
      'test_f1/T-shirt/top': `test_f1/${top}`,
    });
    expect(valuesOf(record.finalPoints)).toMatchObject({
      test_macro_precision: 0.91,
      test_macro_recall: 0.92,
      test_macro_f1: 0.93,
      test_weighted_f1: 0.94,
      [`test_precision/${top}`]: 0.5,
      [`test_recall/${top}`]: 0.6,
      [`test_f1/${top}`]: NaN,
      'test_precision/Ankle boot': 0.7,
    });
  });

  it('keep the test figures of the outcome when it is evaluated anew, and take those of a later evaluation else', () => {
    const untested = {
      ...OUTCOME,
      training: { ...OUTCOME.training, testLoss: undefined, testAccuracy: undefined },
    };
    const loss = (change: Partial<DescribedRun>) => valuesOf(described(change).finalPoints).test_loss;
    expect(loss({ evaluation: EVALUATION })).toBe(0.09531739417518893);
    expect(loss({ evaluation: EVALUATION, outcome: untested })).toBe(0.0953);
    expect(loss({ outcome: untested })).toBeUndefined();
  });

  it('have what the trainer alone has used, where it can be told apart', () => {
    const trainer = { cpuSeconds: 7.4, peakMemoryBytes: 6e8, networkSentBytes: 0 };
    expect(valuesOf(described({ outcome: { ...OUTCOME, trainer } }).finalPoints)).toMatchObject({
      'trainer/cpu_seconds': 7.4,
      'trainer/peak_memory_bytes': 6e8,
      'trainer/network_sent_bytes': 0,
    });
  });
});

describe('every record', () => {
  it.each(RUN_MODES)(
    'of mode %s has only keys that a server takes, each once, and the same again',
    (mode) => {
      const make = () => described({ spec: { ...CONTAINER_SPEC, mode }, evaluation: EVALUATION });
      const record = make();
      for (const entries of [record.params, record.tags, record.finalPoints]) {
        const keys = entries.map(({ key }) => key);
        expect(keys.filter((key) => !isServerKey(key))).toEqual([]);
        expect(new Set(keys).size).toBe(keys.length);
      }
      expect(make()).toEqual(record);
    },
  );
});

describe('readEvaluation', () => {
  const withMetrics = (text: string) => {
    const directory = temporaryDirectory();
    const path = artifactPath(directory.path, 'evaluation');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return directory;
  };

  it('reads what the trainer wrote, NaN included, and no more than is recorded', async () => {
    const perClass = EVALUATION.perClass.map((figures) => ({ ...figures, support: 3 }));
    perClass[0] = { ...perClass[0]!, f1: 'NaN' as unknown as number };
    using run = withMetrics(
      JSON.stringify({ ...EVALUATION, perClass, confusionMatrix: [[1]], testExamples: 6 }),
    );
    expect(await readEvaluation(run.path)).toEqual(EVALUATION);
  });

  it('is null of a run that was not evaluated', async () => {
    using directory = temporaryDirectory();
    expect(await readEvaluation(directory.path)).toBeNull();
  });

  it('says what to do about a file that is not whole', async () => {
    using run = withMetrics('{"testLoss": 0.');
    await expect(readEvaluation(run.path)).rejects.toMatchObject({
      code: 'run-corrupt',
      hint: 'Evaluate the run anew: `runner evaluate RUN`.',
    });
  });
});
