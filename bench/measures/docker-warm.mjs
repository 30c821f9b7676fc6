/**
 * Warm trainers: from the claim to the end of the first step, against a process that begins where TensorFlow is loaded.
 * Both make a run directory, build the model, trace it and train one batch. The process reads and checks the data, too;
 * a trainer that waits has done so: `ratioWithoutData` leaves that out of the process's time.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { lastJson, runTimed } from '../lib/processes.mjs';
import { ratios, runRounds } from '../lib/rounds.mjs';
import { firstStepSpec, timeToFirstStep } from '../lib/time-to-first-step.mjs';

const IN_PROCESS = fileURLToPath(new URL('../lib/first-step.mjs', import.meta.url));
/** After a trainer is ready, for the machine to come to rest. */
const REST_MS = 1000;

/**
 * @returns {Promise<{ ratio: object, ratioWithoutData: object, warmMs: number[], inProcessMs: number[] }>} spreads of
 *   the rounds' ratios; milliseconds
 */
export async function measureWarm(context) {
  const { dist, dataDir, threads, scratch, signal } = context;
  const load = (path) => import(pathToFileURL(join(dist, path)).href);
  const parts = await loadParts(load);
  const { mnistCnn, engine, connection, createDockerRuntime, keepWarm, owner, clock } = parts;
  const { digest } = await mnistCnn.loadData(dataDir);
  const image = await parts.image();
  const runsDir = join(scratch, 'warm');
  mkdirSync(runsDir, { recursive: true });
  const spec = firstStepSpec({ job: mnistCnn, engine, mode: 'docker', dataDir, digest, threads });

  const over = new AbortController();
  const pool = readiness();
  const kept = keepWarm(connection, {
    ...{ size: 1, image: image.id, limits: undefined, threads, job: mnistCnn, owner },
    data: { dir: dataDir, digest },
    signal: AbortSignal.any([over.signal, signal]),
    onSize: pool.onSize,
  });
  // Nobody else is loading TensorFlow while either is measured.
  const rested = async () => {
    await Promise.race([pool.isReady(), kept.then(() => signal.throwIfAborted())]);
    await sleep(REST_MS, undefined, { signal });
  };
  const warm = async () => {
    await rested();
    const onNotice = (text) => context.tell(text);
    const ms = await timeToFirstStep(load, { spec, runsDir }, async () =>
      createDockerRuntime({ connection, image, job: mnistCnn, clock, owner, onNotice }),
    );
    // The pool sees only now and then that it has been taken.
    await pool.isTaken();
    return { ms };
  };
  const inProcess = async () => {
    await rested();
    const args = [IN_PROCESS, dist, runsDir, dataDir, String(threads)];
    return lastJson(
      (await runTimed(process.execPath, args, { env: { DATA_DIGEST: digest }, signal })).stdout,
    );
  };
  try {
    const { results } = await runRounds(
      [
        { name: 'in-process', warmUp: inProcess, run: inProcess },
        { name: 'warm trainer', warmUp: warm, run: warm },
      ],
      { ...context, describe: ({ ms }) => `${Math.round(ms)} ms` },
    );
    const warmMs = results['warm trainer'].map(({ ms }) => ms);
    const inProcessMs = results['in-process'].map(({ ms }) => ms);
    const withoutData = results['in-process'].map(({ ms, dataMs }) => ms - dataMs);
    return {
      ...{ ratio: ratios(warmMs, inProcessMs), ratioWithoutData: ratios(warmMs, withoutData) },
      ...{ warmMs, inProcessMs },
    };
  } finally {
    over.abort();
    await kept;
  }
}

async function loadParts(load) {
  const [{ connect }, { ensureImage, planImage }, { createDockerRuntime }, { keepWarm }] = await Promise.all([
    load('runtimes/docker/connection/connection.js'),
    load('runtimes/docker/image/index.js'),
    load('runtimes/docker/index.js'),
    load('runtimes/docker/warm/index.js'),
  ]);
  const [{ findEngine }, { mnistCnn }, { ownerLabel }, { systemClock }] = await Promise.all([
    load('src/engine/find-engine.js'),
    load('src/jobs/mnist-cnn/index.js'),
    load('src/orchestrator/owner.js'),
    load('src/common/clock.js'),
  ]);
  const engine = findEngine(process.env);
  const connection = await connect(process.env);
  const image = async () => ensureImage(connection, await planImage({ engine, kind: 'cpu' }));
  return {
    mnistCnn,
    engine,
    connection,
    createDockerRuntime,
    keepWarm,
    image,
    owner: ownerLabel(),
    clock: systemClock,
  };
}

/** Whether the pool's one trainer waits, as it is told. */
function readiness() {
  let waiting = 0;
  let changed = () => undefined;
  const until = async (count) => {
    while (waiting !== count) await new Promise((resolve) => (changed = resolve));
  };
  return {
    onSize: (count) => {
      waiting = count;
      changed();
    },
    isReady: () => until(1),
    isTaken: () => until(0),
  };
}
