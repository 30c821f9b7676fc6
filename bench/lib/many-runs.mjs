/** A runs directory as a year of work leaves it: many runs with all that a reader looks at, made up and never trained. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const CLASSES = Array.from({ length: 10 }, (_, digit) => String(digit));
const EPOCHS = 5;
const STEPS = 375;
/** 2026-03-01, 14:05:09 UTC. */
const FIRST_START = Date.UTC(2026, 2, 1, 14, 5, 9);
const BETWEEN_MS = 60_000;
const AT_ONCE = 32;
const DIGEST = `sha256:${'1a2b3c4d'.repeat(8)}`;

/**
 * Makes runs that succeeded, all of one spec, their modes in turn.
 * @param {string} runsDir made where it is missing
 * @param {number} count
 * @param {{ modes?: readonly string[] }} [options]
 * @returns {Promise<string[]>} their ids, oldest first
 */
export async function makeManyRuns(runsDir, count, { modes = ['inprocess', 'process', 'docker'] } = {}) {
  await mkdir(runsDir, { recursive: true });
  const runs = Array.from({ length: count }, (_, index) => describeRun(index, modes[index % modes.length]));
  for (let at = 0; at < count; at += AT_ONCE) {
    await Promise.all(runs.slice(at, at + AT_ONCE).map((run) => writeRun(runsDir, run)));
  }
  return runs.map(({ runId }) => runId);
}

function describeRun(index, mode) {
  const startedAt = FIRST_START + index * BETWEEN_MS;
  const stamp = new Date(startedAt)
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .replace('T', '-');
  const suffix = Array.from({ length: 6 }, (_, place) => DIGITS[Math.floor(index / 32 ** (5 - place)) % 32]);
  return { index, mode, startedAt, runId: `${stamp}-${suffix.join('')}` };
}

async function writeRun(runsDir, run) {
  const runDir = join(runsDir, run.runId);
  await mkdir(join(runDir, 'artifacts/eval'), { recursive: true });
  const evaluation = JSON.stringify(evaluationOf(run));
  const write = (name, content) =>
    writeFile(join(runDir, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  await Promise.all([
    write('spec.json', specOf(run)),
    write('request.json', {
      evaluate: true,
      startedAt: run.startedAt,
      origin: { host: 'lab', runnerVersion: '0.1.0' },
    }),
    write('owner.json', { pid: 1, host: 'lab', startTimeTicks: 0, bootId: null }),
    write('events.ndjson', eventsOf(run)),
    write('artifacts/eval/metrics.json', evaluation),
    write('artifacts/manifest.json', manifestOf(evaluation)),
    write('outcome.json', outcomeOf(run)),
  ]);
}

const specOf = ({ mode }) => ({
  ...{ schemaVersion: 1, job: 'mnist-cnn', mode },
  hyperparameters: {
    ...{ epochs: EPOCHS, batchSize: 128, learningRate: 0.001, learningRateSchedule: 'constant' },
    ...{ validationSplit: 0.2, earlyStopping: true, patience: 3 },
  },
  ...{ seed: 42, threads: 2, engine: { name: 'tensorflow', version: '2.21.0', step: 'auto' } },
  data: { dir: '/data/mnist', digest: DIGEST, trainExamples: 60_000, testExamples: 10_000 },
  ...(mode === 'docker' ? { container: { image: 'runner-trainer:0.1.0' } } : {}),
});

/** Between −1 and 1, the same each time: runs that vary as real ones do. */
const noise = (index, salt) => Math.sin(12.9898 * (index + 1) + 78.233 * salt);

function outcomeOf({ index, mode, runId, startedAt }) {
  const isolated = mode !== 'inprocess';
  const trainMs = 24_000 * (1 + 0.02 * noise(index, 1));
  const phases = {
    ...{ startup: 90, data: 210, provision: 40 },
    ...(mode === 'docker' ? { connect: 20, image: 15, create: 120, start: 310 } : {}),
    ...(isolated ? { trainerStartup: 620 } : {}),
    ...{ engineLoad: 540, trace: 180, firstStep: 1_600, train: trainMs, evaluate: 900 },
    ...(mode === 'docker' ? { collect: 240, remove: 110 } : {}),
  };
  const spans = Object.entries(phases).filter(([name]) => name !== 'firstStep');
  const wallMs = spans.reduce((sum, [, ms]) => sum + ms, 80);
  return {
    ...{ schemaVersion: 1, runId, mode, status: 'succeeded', reason: null, message: null },
    ...{ exitCode: 0, signal: null, exitStatus: 0, startedAt, endedAt: startedAt + wallMs, phases },
    resources: {
      ...{ wallMs, cpuSeconds: isolated ? 1.4 : 46, peakRssBytes: isolated ? 130e6 : 720e6 },
      eventLoopDelay: { trainP99Ms: isolated ? 24 : 60, maxMs: isolated ? 40 : 600 },
    },
    ...(isolated
      ? { trainer: { cpuSeconds: 46, peakMemoryBytes: 700_000_000 + (index % 7) * 1_000_000 } }
      : {}),
    ...(mode === 'docker'
      ? { image: { tag: 'runner-trainer:0.1.0', id: `sha256:${'ab'.repeat(32)}`, bytes: 612_000_000 } }
      : {}),
    training: {
      ...{ epochsCompleted: EPOCHS, stepsCompleted: EPOCHS * STEPS, bestEpoch: EPOCHS, stoppedEarly: false },
      ...{ finalLoss: 0.031, finalAccuracy: 0.991, valLoss: 0.042, valAccuracy: 0.988 },
      ...{ imagesPerSecond: (48_000 * EPOCHS * 1000) / trainMs, engineStep: 'traced', weightsDigest: DIGEST },
      ...{ testLoss: 0.038, testAccuracy: 0.989 },
    },
  };
}

const evaluationOf = ({ runId }) => ({
  ...{ schemaVersion: 1, runId, testLoss: 0.038, testAccuracy: 0.989, macroF1: 0.9889 },
  perClass: CLASSES.map((className) => ({
    className,
    precision: 0.99,
    recall: 0.988,
    f1: 0.989,
    support: 1_000,
  })),
  confusionMatrix: CLASSES.map((_, row) => CLASSES.map((_, column) => (row === column ? 991 : 1))),
});

const manifestOf = (evaluation) => ({
  schemaVersion: 1,
  files: {
    'eval/metrics.json': {
      bytes: Buffer.byteLength(evaluation),
      sha256: createHash('sha256').update(evaluation).digest('hex'),
    },
  },
});

/** As a run of five epochs writes them: a point every 25 steps, what the process takes every 2 s, each epoch. */
function eventsOf({ index, startedAt }) {
  const events = [];
  const add = (t, event) => events.push(JSON.stringify({ seq: events.length, t: startedAt + t, ...event }));
  add(1_000, { type: 'phase', name: 'train', state: 'start' });
  for (let step = 25; step <= EPOCHS * STEPS; step += 25) {
    const t = 1_600 + step * 12.6;
    const share = step / (EPOCHS * STEPS);
    const loss = 0.03 + 0.8 * Math.exp(-6 * share) * (1 + 0.05 * noise(index, step));
    add(t, {
      type: 'metric',
      step,
      values: { loss, accuracy: 1 - 0.3 * loss, imagesPerSecond: 10_000 * (1 + 0.02 * noise(step, index)) },
    });
    if (step % 150 === 0)
      add(t, { type: 'system', rssBytes: 650e6 + 50e6 * share, cpuSeconds: 2 + 44 * share });
    if (step % STEPS !== 0) continue;
    const means = { loss, accuracy: 1 - 0.3 * loss, valLoss: loss + 0.01, valAccuracy: 0.988 };
    add(t, {
      type: 'epoch',
      epoch: step / STEPS,
      step,
      ...means,
      learningRate: 0.001,
      imagesPerSecond: 10_000,
    });
  }
  add(25_600, { type: 'phase', name: 'train', state: 'end', ms: 24_000 });
  return `${events.join('\n')}\n`;
}
