/**
 * `npm run bench:train`: what training costs beside Keras, `model.fit` and PyTorch, in interleaved rounds, and what
 * `runner` itself promises: first step, memory, event loop, digest. Method and figures: docs/performance.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareBench } from './lib/prepare.mjs';
import { readOptions } from './lib/options.mjs';
import { renderMarkdown, renderText, publish } from './lib/report.mjs';
import { judge } from './lib/targets.mjs';
import { measureAccuracy } from './measures/accuracy.mjs';
import { measureFloor } from './measures/floor.mjs';
import { measureSteady } from './measures/steady.mjs';
import { measureStall } from './measures/stall.mjs';
import { measureStop } from './measures/stop.mjs';
import { measureWhole } from './measures/whole.mjs';

const STALL_RUNS = 3;
const tell = (text) => process.stderr.write(`${text}\n`);

const options = readOptions(process.argv.slice(2));
const scratch = mkdtempSync(join(tmpdir(), 'runner-bench-'));
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new Error('Interrupted.')));
try {
  const { context, surroundings } = await prepareBench(options, {
    scratch,
    tell,
    signal: interruption.signal,
  });
  const report = { date: new Date().toISOString(), command: options.command, ...surroundings };
  if (options.measures.includes('floor') && context.python !== undefined) {
    tell('Convolutions alone');
    report.floor = await measureFloor(context);
  }
  if (options.measures.includes('steady')) {
    tell('Steady throughput');
    report.steady = await measureSteady(context);
  }
  if (options.measures.includes('whole')) {
    tell('Whole process');
    report.whole = await measureWhole(context);
  }
  if (options.measures.includes('stall')) {
    tell('Event loop');
    report.stall = [];
    for (let run = 1; run <= STALL_RUNS; run += 1) report.stall.push(await measureStall(context));
  }
  if (options.measures.includes('stop')) {
    tell('Ctrl-C');
    report.stop = await measureStop(context);
  }
  if (options.measures.includes('accuracy')) {
    tell('Accuracy');
    report.accuracy = await measureAccuracy(context);
  }
  report.verdicts = judge(report);
  await publish(report, options, { text: renderText, markdown: renderMarkdown, section: 'bench:train' });
} catch (error) {
  tell(`bench: ${error.message}`);
  process.exitCode = interruption.signal.aborted ? 130 : 3;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
