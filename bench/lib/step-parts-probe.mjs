/**
 * step-parts-probe.mjs DIST DATA THREADS: where the time of a training step goes at several sizes of the batch, and what
 * several steps a native call, and batches that a thread makes meanwhile, save. In one process, on the trainer's own
 * code; prints one JSON document.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { median, seededRandom, shuffled } from './statistics.mjs';

const BATCH_SIZES = [16, 32, 128, 512];
const STEPS_PER_CALL = [1, 8, 32];
/** Each is measured in turns, in a random order, so that a slow second meets them all. */
const TURNS = 9;
const IMAGES_A_TURN = 4096;
const EMPTY_CALLS = 2000;
const CARD_STEP_MS = 1;
const CARD_STEPS = 100;

const [, , dist, dataDir, threads] = process.argv;
const load = (path) => import(pathToFileURL(join(dist, 'src', path)).href);
const [{ prepareEngine }, { loadTensorFlow }, { mnistCnn }, { createTrainStep }] = await Promise.all([
  load('engine/prepare-engine.js'),
  load('engine/load.js'),
  load('jobs/mnist-cnn/index.js'),
  load('engine/trace/index.js'),
]);
const [
  { batchesOnDemand, inOrder },
  { PrefetchedBatches },
  { shuffled: shuffledOrder },
  { GraphBuilder },
  { GraphSession },
] = await Promise.all([
  load('trainer/data/batches.js'),
  load('trainer/data/prefetch.js'),
  load('trainer/data/random-order.js'),
  load('engine/trace/graph.js'),
  load('engine/trace/session.js'),
]);
const tf = loadTensorFlow(await prepareEngine(), { threads: Number(threads) });
const { train: examples } = await mnistCnn.loadData(dataDir);

/** Milliseconds in each of the binding's functions since they were last taken. */
const native = { createTensor: 0, deleteTensor: 0, runSavedModel: 0, tensorDataSync: 0 };
const take = () => {
  const taken = { ...native };
  for (const name of Object.keys(native)) native[name] = 0;
  return taken;
};
const backend = tf.backend();
const { binding } = backend;
backend.binding = Object.create(
  binding,
  Object.fromEntries(Object.keys(native).map((name) => [name, { value: timed(name) }])),
);
function timed(name) {
  return (...args) => {
    const start = performance.now();
    const result = binding[name](...args);
    native[name] += performance.now() - start;
    return result;
  };
}

const LEARNING_RATE = 0.001;
const OPTIONS = {
  ...{ loss: 'sparseCategoricalCrossentropy', seed: 42 },
  ...{ optimizer: { name: 'adam', epsilonForm: 'hat' }, input: { dtype: 'uint8', scale: 1 / 255 } },
};

/** One turn of as many images whatever the batch; all times are of one step, in milliseconds. */
function turn({ step, batchSize, stepsPerCall, source }, number) {
  const orderStart = performance.now();
  const order = shuffledOrder(inOrder(examples.count), 42, 1);
  const orderMs = performance.now() - orderStart;
  const images = Math.max(IMAGES_A_TURN, batchSize * stepsPerCall);
  const from = (number * images) % (examples.count - images);
  const indices = order.subarray(from, from + images);
  let prepare = 0;
  let steps = 0;
  take();
  const start = performance.now();
  let mark = start;
  for (const batch of source.batches(indices, batchSize, stepsPerCall)) {
    prepare += performance.now() - mark;
    if (stepsPerCall === 1) step.train(batch, LEARNING_RATE);
    else step.group.train(batch, Array(stepsPerCall).fill(LEARNING_RATE));
    steps += batch.steps;
    mark = performance.now();
  }
  const whole = performance.now() - start;
  const { createTensor, deleteTensor, runSavedModel, tensorDataSync } = take();
  const parts = {
    order: (orderMs * batchSize) / examples.count,
    prepare: prepare / steps,
    feed: (createTensor + deleteTensor) / steps,
    native: runSavedModel / steps,
    read: tensorDataSync / steps,
  };
  const inner = (prepare + createTensor + deleteTensor + runSavedModel + tensorDataSync) / steps;
  return { ...parts, rest: whole / steps - inner, whole: whole / steps + parts.order };
}

const medians = (turns) =>
  Object.fromEntries(Object.keys(turns[0]).map((name) => [name, median(turns.map((each) => each[name]))]));

/** A call with the feeds of a step, but for its images, and nothing to do: what every call costs. */
function emptyCall() {
  const graph = new GraphBuilder();
  const names = ['a', 'b', 'c', 'd'];
  names.forEach((name) => graph.placeholder(name, 'float32', [2]));
  graph.identity(graph.pack(names, 'float32'), 'result');
  const session = GraphSession.load(backend.binding, graph);
  const data = new Float32Array(2);
  const feeds = Object.fromEntries(names.map((name) => [name, { dtype: 'float32', shape: [2], data }]));
  const calls = [];
  for (let call = 0; call < EMPTY_CALLS; call += 1) {
    take();
    const start = performance.now();
    session.run(feeds, ['result']);
    calls.push({ whole: performance.now() - start, native: take().runSavedModel });
  }
  session.dispose();
  return medians(calls.slice(EMPTY_CALLS / 10));
}

const asleep = new Int32Array(new SharedArrayBuffer(4));
/** A card's stand-in: while its step is done, this thread is stopped and the processor idle. */
const CARD = { train: () => void Atomics.wait(asleep, 0, 0, CARD_STEP_MS) };

/** What the main thread spends on having a batch, in milliseconds a step: median of all. */
function waitForBatches(source, batchSize) {
  const order = shuffledOrder(inOrder(examples.count), 42, 1).subarray(0, batchSize * CARD_STEPS);
  const waits = [];
  let mark = performance.now();
  for (const batch of source.batches(order, batchSize)) {
    waits.push(performance.now() - mark);
    CARD.train(batch);
    mark = performance.now();
  }
  return median(waits);
}

const result = { emptyCall: emptyCall(), steps: [], card: [] };
for (const batchSize of BATCH_SIZES) {
  const contestants = [];
  const onDemand = batchesOnDemand(examples);
  const prefetched = new PrefetchedBatches(examples, {
    most: batchSize,
    onFailure: (error) => {
      throw error;
    },
  });
  for (const stepsPerCall of STEPS_PER_CALL) {
    const model = mnistCnn.buildModel(tf, 42);
    const traceStart = performance.now();
    const step = createTrainStep(tf, model, OPTIONS, { step: 'traced', stepsPerCall });
    const traceMs = performance.now() - traceStart;
    const contestant = { step, batchSize, stepsPerCall, source: onDemand };
    const firstStart = performance.now();
    turn(contestant, 0);
    const firstTurnMs = performance.now() - firstStart;
    contestants.push({ ...contestant, traceMs, firstTurnMs, model, turns: [] });
    if (stepsPerCall > 1) continue;
    turn({ ...contestant, source: prefetched }, 0);
    contestants.push({ ...contestant, source: prefetched, traceMs, firstTurnMs, turns: [] });
  }
  const random = seededRandom(batchSize);
  for (let number = 1; number <= TURNS; number += 1) {
    for (const contestant of shuffled(contestants, random)) contestant.turns.push(turn(contestant, number));
  }
  for (const { stepsPerCall, source, traceMs, firstTurnMs, turns, step, model } of contestants) {
    result.steps.push({
      ...{ batchSize, stepsPerCall, prefetched: source === prefetched, traceMs, firstTurnMs },
      ...medians(turns),
      wholes: turns.map(({ whole }) => whole),
    });
    step.dispose();
    model?.dispose();
  }
  result.card.push({
    ...{ batchSize, stepMs: CARD_STEP_MS },
    onDemand: waitForBatches(onDemand, batchSize),
    prefetched: waitForBatches(prefetched, batchSize),
  });
  await prefetched[Symbol.asyncDispose]();
}
process.stdout.write(`${JSON.stringify(result)}\n`);
