/** side-by-side.mjs DIST FOLDER THREADS: one run in a container, then eight at once; prints the memory of each. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const AT_ONCE = 8;
const [, , dist, folder, threads] = process.argv;
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const [{ connect }, { ensureImage, planImage }, { createDockerRuntime }, { findEngine }, { mnistCnn }] =
  await Promise.all([
    load('runtimes/docker/connection/connection.js'),
    load('runtimes/docker/image/index.js'),
    load('runtimes/docker/index.js'),
    load('src/engine/find-engine.js'),
    load('src/jobs/mnist-cnn/index.js'),
  ]);
const [{ runJob }, { processMeter }, { ownerLabel }, { systemClock: clock }] = await Promise.all([
  load('src/orchestrator/run-job.js'),
  load('src/orchestrator/resources.js'),
  load('src/orchestrator/owner.js'),
  load('src/common/clock.js'),
]);

const engine = findEngine(process.env);
const connection = await connect(process.env);
const image = await ensureImage(connection, await planImage({ engine, kind: 'cpu' }));
const dir = join(folder, 'data');
const dataset = await mnistCnn.loadData(dir);
const { seed, ...hyperparameters } = mnistCnn.defaults;
const spec = {
  ...{ schemaVersion: 1, job: mnistCnn.name, mode: 'docker', seed, threads: Number(threads) },
  hyperparameters: { ...hyperparameters, epochs: 1 },
  engine: { name: 'tensorflow', version: engine.version, step: 'auto' },
  data: {
    ...{ dir, digest: dataset.digest },
    ...{ trainExamples: dataset.train.count, testExamples: dataset.test.count },
  },
};
const runsDir = join(folder, 'runs');
mkdirSync(runsDir);

async function train() {
  const runtime = createDockerRuntime({ connection, image, job: mnistCnn, clock, owner: ownerLabel() });
  const { outcome } = await runJob(
    { spec, runsDir, evaluate: false, signal: new AbortController().signal, onEvent: () => undefined },
    { runtime, clock, meter: processMeter },
  );
  if (outcome.status !== 'succeeded') throw new Error(outcome.message);
}

/** The highest resident memory while something goes on, looked at ten times a second. */
async function peakDuring(work) {
  globalThis.gc();
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 100);
  await work();
  clearInterval(watch);
  return peak;
}

// The first loads what is loaded once.
await train();
const one = await peakDuring(train);
await sleep(200);
const many = await peakDuring(() => Promise.all(Array.from({ length: AT_ONCE }, train)));
process.stdout.write(`${JSON.stringify({ atOnce: AT_ONCE, onePeakBytes: one, manyPeakBytes: many })}\n`);
