/**
 * first-step.mjs DIST RUNS_DIR DATA_DIR THREADS: trains in-process from the point at which TensorFlow is loaded to the
 * end of the first step; prints the milliseconds, and those of them that the data took.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { firstStepSpec, timeToFirstStep } from './time-to-first-step.mjs';

const [, , dist, runsDir, dataDir, threads] = process.argv;
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const [{ createInProcessRuntime }, { loadTensorFlow }, { findEngine }, { mnistCnn }, { systemClock }] =
  await Promise.all([
    load('runtimes/inprocess/index.js'),
    load('src/engine/load.js'),
    load('src/engine/find-engine.js'),
    load('src/jobs/mnist-cnn/index.js'),
    load('src/common/clock.js'),
  ]);
const engine = findEngine(process.env);
const digest = process.env.DATA_DIGEST;
const spec = firstStepSpec({ job: mnistCnn, engine, mode: 'inprocess', dataDir, digest, threads: +threads });
loadTensorFlow(engine, { threads: spec.threads });
let dataMs = 0;
const ms = await timeToFirstStep(load, { spec, runsDir }, async () => {
  const start = performance.now();
  const dataset = await mnistCnn.loadData(dataDir);
  dataMs = performance.now() - start;
  return createInProcessRuntime({ job: mnistCnn, dataset, engine, clock: systemClock });
});
process.stdout.write(`${JSON.stringify({ ms, dataMs })}\n`);
