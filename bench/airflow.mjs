/**
 * `npm run bench:airflow`: what a DAG run of mnist_cnn_training_train_with_docker takes besides its container, against a DAG of
 * DockerOperator that runs the same image and command, in interleaved rounds. Method and figures: docs/airflow.md.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAirflow } from '../scripts/lib/airflow/python.mjs';
import { startAirflow } from '../scripts/lib/airflow/services.mjs';
import { ensurePythonEnv, installedPackages, TRACKING_PACKAGES } from '../scripts/lib/python-env.mjs';
import { readAirflowOptions } from './lib/airflow-options.mjs';
import { renderAirflowMarkdown, renderAirflowText } from './lib/airflow-report.mjs';
import { judgeAirflow } from './lib/airflow-targets.mjs';
import { runBenchmark } from './lib/benchmark.mjs';
import { loadRuntime } from './lib/containers.mjs';
import { withTrackingServers } from './lib/tracking-servers.mjs';
import { measureAirflowRuns } from './measures/airflow-runs.mjs';

const PROVIDER = ['apache-airflow-providers-docker==4.6.1', 'docker==7.2.0'];
const PEER = fileURLToPath(new URL('peers/airflow', import.meta.url));

await runBenchmark(
  readAirflowOptions(process.argv.slice(2)),
  {
    ...{ docker: true, section: 'bench:airflow', judge: judgeAirflow },
    ...{ text: renderAirflowText, markdown: renderAirflowMarkdown },
  },
  async ({ context, report, scratch }) => {
    const [python, tracking] = [
      await ensureAirflow(PROVIDER),
      await ensurePythonEnv({ packages: TRACKING_PACKAGES }),
    ];
    const { docker, image } = await loadRuntime(context);
    const [servers, peerFolder] = [join(scratch, 'servers'), join(scratch, 'peer')];
    for (const folder of [servers, peerFolder]) mkdirSync(folder);
    const { python: version, ...installed } = installedPackages(python);
    Object.assign(report.versions, {
      ...{ Python: version, Airflow: installed['apache-airflow'] },
      ...{ 'its Docker provider': installed['apache-airflow-providers-docker'] },
      MLflow: installedPackages(tracking).mlflow,
    });
    await withTrackingServers({ python: tracking, folder: servers }, async ({ uri }) => {
      const env = {
        DOCKER_HOST: process.env.DOCKER_HOST || 'unix:///var/run/docker.sock',
        ...{ MLFLOW_TRACKING_URI: uri, RUNNER_DATA_DIR: context.dataDir },
        ...{ BENCH_IMAGE: image, BENCH_FOLDER: peerFolder },
        ...{
          BENCH_PYTHON: tracking,
          BENCH_LOG: join(PEER, 'log_to_mlflow.py'),
          BENCH_EVALUATE: join(PEER, 'evaluate.mjs'),
        },
      };
      const airflow = await startAirflow({ python, moreDags: PEER, env });
      try {
        report.runs = await measureAirflowRuns({ ...context, airflow, docker, peerFolder });
      } finally {
        await airflow[Symbol.asyncDispose]();
      }
    });
  },
);
