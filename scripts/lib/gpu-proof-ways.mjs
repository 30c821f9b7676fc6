/** The ways of training that `npm run gpu-proof` compares, and what a run of each comes to. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {import('./gpu-proof-run.mjs').Ended} Ended
 * @typedef {import('./gpu-proof-page.mjs').Figures} Figures
 */

/**
 * One way to train.
 * @typedef {object} Way
 * @property {string} key by which targets name it
 * @property {string} title on the page
 * @property {() => Promise<Ended>} train
 * @property {(document: any) => Figures} read of a run that has succeeded; throws where it is not what it should be
 * @property {boolean} [isSlow] one run of it has to do
 * @property {boolean} [isOptional] whether a machine may well lack what it takes
 */

/**
 * @typedef {object} Conditions
 * @property {string} card for `--gpus`
 * @property {string} [adapter] part of the card's name for WebGPU, where there are several cards
 * @property {boolean} daemon whether there is one on this machine
 * @property {number} epochs
 * @property {number} threads of TensorFlow on the processor, and of PyTorch
 * @property {string} runsDir
 * @property {(args: readonly string[]) => Promise<Ended>} runner
 * @property {(args: readonly string[]) => Promise<Ended>} torch
 */

export const BATCH = 128;
/** More than a container has by default, so that neither is what is measured. */
const AMPLE = ['--memory', '8g', '--pids', '4096'];

/**
 * @param {Conditions} conditions
 * @returns {Way[]}
 */
export function waysOf(conditions) {
  const { card, adapter, daemon, epochs, threads, runner, torch } = conditions;
  const train = (/** @type {readonly string[]} */ args, count = epochs) =>
    runner(trainArguments({ ...conditions, epochs: count, batch: BATCH }, ...args));
  /** @returns {Way} */
  const way = (/** @type {string} */ key, /** @type {string} */ title, /** @type {string[]} */ ...args) => ({
    ...{ key, title, read: readRun, train: () => train(args) },
  });
  // `auto` would go on op by op, and that would be measured, where the step cannot be traced.
  const onCard = ['--gpus', card, '--engine-step', 'traced'];
  const here = ['--mode', 'inprocess', ...onCard];
  const container = ['--mode', 'docker', ...onCard];
  /** @returns {Way} */
  const ofTorch = (
    /** @type {string} */ key,
    /** @type {string} */ title,
    /** @type {'step' | 'epoch'} */ read,
  ) => ({
    ...{ key, title, read: readTorch, isOptional: true },
    train: () =>
      torch([
        ...['--epochs', String(epochs), '--threads', String(threads), '--device', 'cuda', '--read', read],
      ]),
  });
  const webgpu = ['--mode', 'inprocess', '--engine', 'webgpu'];
  return [
    way('cpu', 'Processor, this process', '--mode', 'inprocess', '--engine-step', 'traced'),
    way('gpu', 'Card, this process', ...here),
    way('gpu-process', 'Card, a process of its own', '--mode', 'process', ...onCard),
    way('gpu-between', 'Card, batches made between steps', ...here, '--no-prefetch'),
    way('gpu-call', 'Card, one step a call', ...here, '--steps-per-call', '1'),
    way('gpu-calls-32', 'Card, 32 steps a call', ...here, '--steps-per-call', '32'),
    ...(daemon
      ? [
          way('gpu-docker', 'Card, container', ...container, ...AMPLE),
          {
            ...way('gpu-docker-default', 'Card, container with the limits it has by default', ...container),
            isSlow: true,
          },
        ]
      : []),
    ofTorch('torch', 'PyTorch, eager, loss read once an epoch', 'epoch'),
    ofTorch('torch-read', 'PyTorch, eager, loss read after each step', 'step'),
    way('gpu-eager', 'Card, op by op', '--mode', 'inprocess', '--gpus', card, '--engine-step', 'eager'),
    {
      ...{ key: 'webgpu', title: 'Card, WebGPU, op by op, one epoch', read: readWebgpu },
      ...{ isSlow: true, isOptional: true },
      train: () => train([...webgpu, ...(adapter === undefined ? [] : ['--webgpu-adapter', adapter])], 1),
    },
  ];
}

/**
 * Arguments of `runner train` that all runs have in common. Each option once: what a run adds are others.
 * @param {{ runsDir: string, epochs: number, threads: number, batch: number }} sizes
 * @param {readonly string[]} args
 */
export const trainArguments = ({ runsDir, epochs, threads, batch }, ...args) => [
  ...['train', '--runs-dir', runsDir, '--quiet', '--no-track', '--evaluate', '--no-early-stopping'],
  // A tenth for validation leaves the 54,000 images that PyTorch is given.
  ...['--seed', '42', '--validation-split', '0.1', '--epochs', String(epochs)],
  ...['--batch-size', String(batch), '--threads', String(threads), ...args],
];

/**
 * The first epoch does not count, as with PyTorch: the card's clocks rise, kernels are loaded, memory is taken.
 * @returns {Figures}
 */
function readRun(/** @type {any} */ { runDir, weightsDigest, testAccuracy }) {
  const epochs = eventsOf(runDir).filter(({ type }) => type === 'epoch');
  const speeds = epochs.map(({ imagesPerSecond }) => imagesPerSecond);
  const steady = speeds.length > 1 ? speeds.slice(1) : speeds;
  rmSync(join(runDir, 'checkpoints'), { recursive: true, force: true });
  return {
    imagesPerSecond: steady.length / steady.reduce((sum, speed) => sum + 1 / speed, 0),
    ...{ digest: weightsDigest, accuracy: testAccuracy },
  };
}

/** @returns {any[]} */
const eventsOf = (/** @type {string} */ runDir) =>
  readFileSync(join(runDir, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Dawn chooses among all cards, those of other makers and built-in ones too. @returns {Figures} */
function readWebgpu(/** @type {any} */ document) {
  const spec = JSON.parse(readFileSync(join(document.runDir, 'spec.json'), 'utf8'));
  const { vendor, device, description } = spec.engine.webgpu.adapter;
  if (vendor !== 'nvidia') throw new Error(`it computed on ${device || vendor} (${description})`);
  // Another engine's weights are others.
  return { ...readRun(document), digest: undefined };
}

/** It has no weights of ours, and its accuracy is that on the images that it has trained on. @returns {Figures} */
function readTorch(/** @type {any} */ { imagesPerSecond, versions, device }) {
  return { imagesPerSecond, computedOn: `PyTorch ${versions.torch} on ${device}` };
}
