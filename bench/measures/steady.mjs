/** Images a second once training is under way: same CNN, data, batch 128, Adam at 0.001, float32, shuffled, accuracy too. */
import { fileURLToPath } from 'node:url';
import { lastJson, runTimed } from '../lib/processes.mjs';
import { trainWithRunner } from '../lib/runner.mjs';
import { runRounds } from '../lib/rounds.mjs';

/** MNIST without the tenth that `runner` keeps for validation: every contestant trains on as many images. */
export const STEADY_IMAGES = 54_000;
const WARM_UP_IMAGES = 12_800;

/** How Keras is given the data and runs its steps; bench/keras-variants.mjs measures this beside the other ways. */
export const KERAS_FORM = ['--input', 'numpy', '--steps-per-execution', '32'];

const peer = (file) => fileURLToPath(new URL(`../peers/${file}`, import.meta.url));

/** @returns contestants for `runRounds`, in the order in which they are told */
export function steadyContestants(context) {
  const { peers, python, torchPython } = context;
  const contestants = [runnerContestant(context)];
  if (peers.includes('keras')) {
    for (const jit of ['on', 'off']) {
      const args = [peer('keras_steady.py'), '--jit', jit, ...KERAS_FORM];
      contestants.push(scriptContestant(context, `keras jit ${jit}`, python, args));
    }
  }
  if (peers.includes('model-fit')) {
    const args = [peer('model-fit.mjs'), '--dist', context.dist];
    contestants.push(scriptContestant(context, 'model.fit', process.execPath, args));
  }
  if (peers.includes('torch')) {
    contestants.push(scriptContestant(context, 'torch', torchPython, [peer('torch_steady.py')]));
  }
  return contestants;
}

export const measureSteady = (context) =>
  runRounds(steadyContestants(context), {
    ...context,
    describe: ({ imagesPerSecond }) => `${Math.round(imagesPerSecond)} images/s`,
  });

/** Epochs after the first, by the trainer's own count of its steps: batches assembled, steps, turns of the loop. */
function runnerContestant(context) {
  return {
    name: 'runner',
    warmUp: () => trainWithRunner(context, ['--epochs', '1', '--validation-split', '0.8']),
    run: async () => {
      const { outcome, events } = await trainWithRunner(context, [
        ...['--epochs', String(context.epochs), '--validation-split', '0.1'],
      ]);
      const epochs = events.filter(({ type }) => type === 'epoch');
      const seconds = epochs.map(({ imagesPerSecond }) => STEADY_IMAGES / imagesPerSecond);
      const steady = seconds.slice(1);
      return {
        imagesPerSecond: (STEADY_IMAGES * steady.length) / steady.reduce((sum, each) => sum + each, 0),
        epochSeconds: seconds,
        loss: epochs.map(({ loss }) => loss),
        accuracy: epochs.map(({ accuracy }) => accuracy),
        peakRssBytes: outcome.resources.peakRssBytes,
        weightsDigest: outcome.training.weightsDigest,
        engineStep: outcome.training.engineStep,
      };
    },
  };
}

/** A program of bench/peers, which prints the same figures as a JSON document. */
function scriptContestant({ dataDir, threads, epochs, signal }, name, command, args) {
  const run = async (count, images) => {
    const size = ['--epochs', String(count), '--images', String(images), '--threads', String(threads)];
    const { stdout } = await runTimed(command, [...args, dataDir, ...size], {
      // No __pycache__ in the checkout.
      env: { KERAS_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3', PYTHONDONTWRITEBYTECODE: '1' },
      signal,
    });
    return lastJson(stdout);
  };
  return { name, warmUp: () => run(2, WARM_UP_IMAGES), run: () => run(epochs, STEADY_IMAGES) };
}
