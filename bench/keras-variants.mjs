/**
 * Which way of training is Keras' fastest? Measures the ways of giving it the data and of running its steps, in
 * interleaved rounds, so that bench/train.mjs can give Keras its best (KERAS_FORM in measures/steady.mjs).
 *
 *   node bench/keras-variants.mjs [--pairs 3] [--epochs 3] [--data-dir DIR]
 */
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { readOptions } from './lib/options.mjs';
import { prepareBench } from './lib/prepare.mjs';
import { lastJson, runTimed } from './lib/processes.mjs';
import { runRounds } from './lib/rounds.mjs';
import { median, spread } from './lib/statistics.mjs';
import { STEADY_IMAGES } from './measures/steady.mjs';

const VARIANTS = ['numpy', 'tensor', 'bytes', 'dataset'].flatMap((input) =>
  ['off', 'on'].flatMap((jit) => [1, 32].map((steps) => ({ input, jit, steps }))),
);
const WARM_UP_IMAGES = 12_800;
const script = fileURLToPath(new URL('peers/keras_steady.py', import.meta.url));
const tell = (text) => process.stderr.write(`${text}\n`);

const options = { ...readOptions(process.argv.slice(2)), peers: ['keras'] };
const { context } = await prepareBench(options, { scratch: tmpdir(), tell });
const contestants = VARIANTS.map(({ input, jit, steps }) => {
  const how = ['--input', input, '--jit', jit, '--steps-per-execution', String(steps)];
  const run = async (images, epochs) => {
    const size = [
      '--images',
      String(images),
      '--epochs',
      String(epochs),
      '--threads',
      String(context.threads),
    ];
    const { stdout } = await runTimed(context.python, [script, context.dataDir, ...how, ...size], {
      env: { PYTHONDONTWRITEBYTECODE: '1' },
    });
    return lastJson(stdout);
  };
  return {
    name: `${input}, jit ${jit}, ${steps} steps an execution`,
    warmUp: () => run(WARM_UP_IMAGES, 2),
    run: () => run(STEADY_IMAGES, context.epochs),
  };
});
const { results } = await runRounds(contestants, {
  ...context,
  describe: ({ imagesPerSecond }) => `${Math.round(imagesPerSecond)} images/s`,
});
const rows = Object.entries(results).map(([name, runs]) => ({
  name,
  ...spread(runs.map(({ imagesPerSecond }) => imagesPerSecond)),
  // Less disturbed by other work on the machine than the wall time is.
  cpuSeconds: median(runs.flatMap(({ epochCpuSeconds }) => epochCpuSeconds.slice(1))),
}));
rows.sort((a, b) => b.median - a.median);
for (const { name, median: middle, min, max, cpuSeconds } of rows) {
  const speed = `${Math.round(middle)} images/s (${Math.round(min)}–${Math.round(max)})`;
  console.log(`${speed}, ${cpuSeconds.toFixed(1)} CPU s an epoch  ${name}`);
}
