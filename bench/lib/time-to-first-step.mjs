import { rmSync } from 'node:fs';

/**
 * From the moment at which TensorFlow is loaded, here or in a waiting trainer, to the end of the first step, as the
 * orchestrator is told of it. The run is then cancelled.
 * @param {(path: string) => Promise<any>} load a module of the build that is measured
 * @param {{ spec: object, runsDir: string }} request
 * @param {() => Promise<object>} createRuntime counts, too
 * @returns {Promise<number>} milliseconds
 */
export async function timeToFirstStep(load, { spec, runsDir }, createRuntime) {
  const [{ runJob }, { processMeter }, { systemClock }] = await Promise.all([
    load('src/orchestrator/run-job.js'),
    load('src/orchestrator/resources.js'),
    load('src/common/clock.js'),
  ]);
  const over = new AbortController();
  let ms;
  const start = performance.now();
  const { outcome, runDir } = await runJob(
    {
      ...{ spec, runsDir, evaluate: false, signal: over.signal },
      onEvent: () => undefined,
      onProgress: () => {
        ms ??= performance.now() - start;
        over.abort(new Error('measured'));
      },
    },
    { runtime: await createRuntime(), clock: systemClock, meter: processMeter },
  );
  rmSync(runDir, { recursive: true, force: true });
  if (ms === undefined) throw new Error(`The run ended before its first step: ${outcome.message}`);
  return ms;
}

/** MNIST with the job's defaults. */
export function firstStepSpec({ job, engine, mode, dataDir, digest, threads }) {
  const { seed, ...hyperparameters } = job.defaults;
  return {
    ...{ schemaVersion: 1, job: job.name, mode, seed, threads, hyperparameters },
    engine: { name: 'tensorflow', version: engine.version, step: 'auto' },
    data: { dir: dataDir, digest, trainExamples: 60_000, testExamples: 10_000 },
  };
}
