/** Run directories as the runner leaves them, by its own writers and without training. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '../../../src/common/atomic-file.js';
import { EventLog } from '../../../src/common/event-log.js';
import { runPath } from '../../../src/contract/run-directory.js';
import type { RunEventInput } from '../../../src/contract/run-event.js';
import type { RunOutcome, TrainingResult } from '../../../src/contract/run-outcome.js';
import type { RunRequestRecord } from '../../../src/contract/run-request.js';
import type { RunMode, RunSpec } from '../../../src/contract/run-spec.js';
import { savedModel } from '../../../src/engine/trace/proto.js';
import { createRunId } from '../../../src/orchestrator/run-id.js';
import { readRun } from '../../../src/orchestrator/read-run.js';
import type { RunToRecord } from '../../../src/tracking/tracking.js';
import { collectFiles } from '../../../src/tracking/artifacts/collect-files.js';
import { describeRun } from '../../../src/tracking/record/describe-run.js';
import { readEvaluation } from '../../../src/tracking/record/evaluation-file.js';
import { readPoints, EVENTS_START } from '../../../src/tracking/record/points.js';
import type { MetricPoint } from '../../../src/tracking/record/run-record.js';
import { ArtifactStore } from '../../../src/trainer/artifacts/artifact-store.js';

export interface RunFixtureOptions {
  /** A folder of runs; made where it is missing. */
  readonly runsDir: string;
  readonly mode?: RunMode;
  /** Optimizer steps, each with a `metric` event of four figures: the loss of step 3 is NaN, of step 4 infinite. */
  readonly steps?: number;
  readonly epochs?: number;
  /** Over what a run that succeeded has. */
  readonly outcome?: Partial<RunOutcome>;
  readonly training?: Partial<TrainingResult>;
  readonly request?: Partial<RunRequestRecord>;
  readonly spec?: Partial<RunSpec>;
  /** Besides the model: path from artifacts/ → content. */
  readonly artifacts?: Readonly<Record<string, string | Uint8Array>>;
  /** False: as a run that failed before it had anything to keep. */
  readonly model?: boolean;
  /** False: the run has not ended. */
  readonly ended?: boolean;
}

export interface RunFixture {
  readonly runId: string;
  readonly runDir: string;
  /** What the logging task is given. */
  readonly run: RunToRecord;
}

/** 24 November 2026, 12:00 UTC, in milliseconds. */
export const STARTED_AT = 1_795_521_600_000;
/** Between two events. */
export const EVENT_EVERY_MS = 7;
export const DIGEST = `sha256:${'1a2b3c4d'.repeat(8)}`;

/** Writes one run as the orchestrator and the trainer write it: outcome last. */
export async function writeRunFixture(options: RunFixtureOptions): Promise<RunFixture> {
  const { runsDir, mode = 'inprocess', steps = 20, epochs = 2, ended = true } = options;
  const runId = createRunId(STARTED_AT);
  const runDir = join(runsDir, runId);
  mkdirSync(runDir, { recursive: true });
  const spec: RunSpec = { ...specOf(mode, epochs), ...options.spec };
  const request: RunRequestRecord = {
    ...{ evaluate: false, startedAt: STARTED_AT },
    origin: {
      host: 'fixture-host',
      user: 'tester',
      gitCommit: 'c0ffee'.padEnd(40, '0'),
      runnerVersion: '0.0.0',
    },
    tracking: { track: true },
    ...options.request,
  };
  await writeJsonAtomic(runPath(runDir, 'spec'), spec);
  await writeJsonAtomic(runPath(runDir, 'request'), request);
  const clock = tickingClock(STARTED_AT, EVENT_EVERY_MS);
  using events = EventLog.create(runPath(runDir, 'events'), clock);
  const emit = (event: RunEventInput): void => void events.append(event);
  emit({ type: 'phase', name: 'train', state: 'start' });
  for (const event of trainingEvents(steps, epochs)) emit(event);
  emit({ type: 'phase', name: 'train', state: 'end', ms: steps * EVENT_EVERY_MS });
  await writeArtifacts(runDir, options, emit);
  if (ended)
    await writeJsonAtomic(runPath(runDir, 'outcome'), outcomeOf(runId, spec, steps, clock.now(), options));
  const { outcome } = await readRun({ runId, runDir });
  return { runId, runDir, run: { runId, runDir, spec, outcome, request } };
}

/** All points that a run is to have on a server: those of its events, and those of its outcome and evaluation. */
export async function pointsOfRun({ run }: RunFixture): Promise<readonly MetricPoint[]> {
  const { points, atEnd } = await readPoints(runPath(run.runDir, 'events'), EVENTS_START, Infinity);
  if (!atEnd) throw new Error(`${run.runDir}: events were left unread`);
  const evaluation = await readEvaluation(run.runDir);
  const environment = { host: '', runnerVersion: '' };
  return [...points, ...describeRun({ ...run, evaluation, startedAt: STARTED_AT, environment }).finalPoints];
}

/** sha256 by path from the root of a run's artifacts, as the manifest and the files beside it have them. */
export async function artifactsOfRun({ runDir }: RunFixture): Promise<Readonly<Record<string, string>>> {
  const { files, failed } = await collectFiles(runDir, new AbortController().signal);
  if (failed.length > 0) throw new Error(`${runDir}: artifacts are missing`);
  return Object.fromEntries(files.map(({ path, sha256: digest }) => [path, digest]));
}

/** The same for the same steps. */
function* trainingEvents(steps: number, epochs: number): Generator<RunEventInput> {
  const perEpoch = Math.ceil(steps / epochs);
  for (let step = 1; step <= steps; step += 1) {
    const loss = step === 3 ? NaN : step === 4 ? Infinity : 2.5 / step;
    const values = {
      loss,
      accuracy: 1 - 1 / (step + 1),
      learningRate: 0.001,
      imagesPerSecond: 10_000 + step / 3,
    };
    yield { type: 'metric', step, values };
    if (step % 50 === 0) yield { type: 'system', rssBytes: 400_000_000 + step, cpuSeconds: step / 100 };
    if (step % perEpoch !== 0 && step !== steps) continue;
    const epoch = Math.ceil(step / perEpoch);
    yield {
      ...{
        type: 'epoch',
        epoch,
        step,
        loss: 1 / epoch,
        accuracy: 0.9,
        valLoss: 1.1 / epoch,
        valAccuracy: 0.89,
      },
      ...{ learningRate: 0.001, imagesPerSecond: 12_345.5 },
    };
  }
}

async function writeArtifacts(
  runDir: string,
  { artifacts = {}, model = true }: RunFixtureOptions,
  emit: (event: RunEventInput) => void,
): Promise<void> {
  const store = await ArtifactStore.open(runDir, emit);
  if (model) {
    await store.write('model/tfjs/model.json', '{"format":"layers-model"}');
    await store.write('model/tfjs/weights.bin', randomBytes(4_096));
    await store.write('model/saved_model/saved_model.pb', servableModel());
  }
  for (const [path, content] of Object.entries(artifacts)) await store.write(path, content);
  if (model || Object.keys(artifacts).length > 0) await store.writeManifest();
}

/** Images of 28×28 to ten probabilities, without the graph between. */
const servableModel = (): Uint8Array =>
  savedModel(
    [],
    [
      {
        name: 'serving_default',
        inputs: [{ key: 'image', tensor: 'input_0:0', dtype: 'float32', shape: [-1, 28, 28, 1] }],
        outputs: [{ key: 'probabilities', tensor: 'output_0:0', dtype: 'float32', shape: [-1, 10] }],
      },
    ],
  );

const specOf = (mode: RunMode, epochs: number): RunSpec => ({
  ...{ schemaVersion: 1, job: 'mnist-cnn', mode, seed: 7, threads: 2 },
  hyperparameters: {
    ...{ epochs, batchSize: 128, learningRate: 0.001, learningRateSchedule: 'constant' },
    ...{ validationSplit: 0.1, earlyStopping: true, patience: 2 },
  },
  engine: { name: 'tensorflow', version: '2.21.0', step: 'auto' },
  data: { dir: '/data/mnist', digest: DIGEST, trainExamples: 60_000, testExamples: 10_000 },
  ...(mode === 'docker' ? { container: { image: 'runner-trainer:cpu-0123456789abcdef' } } : {}),
});

function outcomeOf(
  runId: string,
  { mode }: RunSpec,
  steps: number,
  endedAt: number,
  { outcome, training, epochs = 2 }: RunFixtureOptions,
): RunOutcome {
  return {
    ...{ schemaVersion: 1, runId, mode, status: 'succeeded', reason: null, message: null },
    ...{ exitCode: null, signal: null, exitStatus: 0, startedAt: STARTED_AT, endedAt },
    phases: { startup: 12, engine: 400.5, train: steps * EVENT_EVERY_MS },
    resources: { wallMs: endedAt - STARTED_AT, cpuSeconds: 3.25, peakRssBytes: 412_345_678 },
    training: {
      ...{ epochsCompleted: epochs, stepsCompleted: steps, bestEpoch: epochs, stoppedEarly: false },
      ...{ finalLoss: 0.5, finalAccuracy: 0.9, valLoss: 0.55, valAccuracy: 0.89, imagesPerSecond: 12_000.25 },
      ...{ engineStep: 'traced', weightsDigest: `sha256:${'5e6f7a8b'.repeat(8)}` },
      ...training,
    },
    ...outcome,
  };
}

const tickingClock = (start: number, every: number) => {
  let time = start;
  return { now: () => (time += every), elapsed: () => time };
};

export const sha256 = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');
