/**
 * `npm run bench:train`: what training costs beside Keras, `model.fit` and PyTorch, in interleaved rounds, and what
 * `runner` itself promises: first step, memory, event loop, digest. Method and figures: docs/performance.md.
 */
import { measureAll, runBenchmark } from './lib/benchmark.mjs';
import { readOptions } from './lib/options.mjs';
import { renderMarkdown, renderText } from './lib/report.mjs';
import { judge } from './lib/targets.mjs';
import { measureAccuracy } from './measures/accuracy.mjs';
import { measureFloor } from './measures/floor.mjs';
import { measureSteady } from './measures/steady.mjs';
import { measureStall } from './measures/stall.mjs';
import { measureStepParts } from './measures/step-parts.mjs';
import { measureStop } from './measures/stop.mjs';
import { measureWhole } from './measures/whole.mjs';

const STALL_RUNS = 3;

const options = readOptions(process.argv.slice(2));
const report = { section: 'bench:train', text: renderText, markdown: renderMarkdown, judge };
await runBenchmark(options, report, async (bench) => {
  await measureAll(bench, [
    // It is Keras' Python that measures it.
    ...(bench.context.python === undefined ? [] : [['floor', 'Convolutions alone', measureFloor]]),
    ['parts', 'Parts of a step', measureStepParts],
    ['steady', 'Steady throughput', measureSteady],
    ['whole', 'Whole process', measureWhole],
    ['stall', 'Event loop', measureStalls],
    ['stop', 'Ctrl-C', measureStop],
    ['accuracy', 'Accuracy', measureAccuracy],
  ]);
});

async function measureStalls(context) {
  const stalls = [];
  while (stalls.length < STALL_RUNS) stalls.push(await measureStall(context));
  return stalls;
}
