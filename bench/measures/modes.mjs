/** The same run in every mode, by the command line as users have it: 54,000 images an epoch, the first not counted. */
import { runRounds } from '../lib/rounds.mjs';
import { trainWithRunner } from '../lib/runner.mjs';
import { STEADY_IMAGES } from './steady.mjs';

export const MODES = ['inprocess', 'process', 'docker'];

/** @returns as `runRounds`; of each run throughput, digest, phases, CPU seconds and memory of both sides */
export function measureModes(context) {
  const contestants = MODES.map((mode) => ({
    name: mode,
    warmUp: () => run(context, mode, 1),
    run: () => run(context, mode, context.epochs),
  }));
  return runRounds(contestants, {
    ...context,
    describe: ({ imagesPerSecond, wallMs }) =>
      `${Math.round(imagesPerSecond)} images/s, ${(wallMs / 1000).toFixed(1)} s in all`,
  });
}

async function run(context, mode, epochs) {
  const settings = ['--epochs', String(epochs), '--validation-split', '0.1', '--evaluate'];
  const { wallMs, outcome, events } = await trainWithRunner(context, settings, { mode });
  const speeds = events.filter(({ type }) => type === 'epoch').map(({ imagesPerSecond }) => imagesPerSecond);
  const steady = speeds.length > 1 ? speeds.slice(1) : speeds;
  const seconds = steady.reduce((sum, each) => sum + STEADY_IMAGES / each, 0);
  const { phases, resources, trainer, training, image } = outcome;
  return {
    ...{ wallMs, phases, image },
    imagesPerSecond: (STEADY_IMAGES * steady.length) / seconds,
    weightsDigest: training.weightsDigest,
    orchestratorCpuSeconds: resources.cpuSeconds,
    orchestratorPeakBytes: resources.peakRssBytes,
    trainerCpuSeconds: trainer?.cpuSeconds,
    trainerPeakBytes: trainer?.peakMemoryBytes,
  };
}
