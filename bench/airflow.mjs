/**
 * `npm run bench:airflow`: what a DAG run of mnist_cnn_training_train_with_docker takes besides its container, against a DAG of
 * DockerOperator that runs the same image and command, in interleaved rounds. Method and figures: docs/airflow.md.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAirflow } from '../scripts/lib/airflow/python.mjs';
import { startAirflow } from '../scripts/lib/airflow/services.mjs';
import { ensureBuilt, ensureInstalled } from '../scripts/lib/checkout.mjs';
import { ensurePythonEnv, installedPackages, TRACKING_PACKAGES } from '../scripts/lib/python-env.mjs';
import { provideDaemon } from '../scripts/lib/start/daemon.mjs';
import { readAirflowOptions } from './lib/airflow-options.mjs';
import { renderAirflowMarkdown, renderAirflowText } from './lib/airflow-report.mjs';
import { judgeAirflow } from './lib/airflow-targets.mjs';
import { loadRuntime } from './lib/containers.mjs';
import { prepareBench } from './lib/prepare.mjs';
import { publish } from './lib/report.mjs';
import { withTrackingServers } from './lib/tracking-servers.mjs';
import { measureAirflowRuns } from './measures/airflow-runs.mjs';

const PROVIDER = ['apache-airflow-providers-docker==4.6.1', 'docker==7.2.0'];
const PEER = fileURLToPath(new URL('peers/airflow', import.meta.url));

const tell = (text) => process.stderr.write(`${text}\n`);

ensureInstalled();
ensureBuilt();
const options = readAirflowOptions(process.argv.slice(2));
const scratch = mkdtempSync(join(tmpdir(), 'runner-bench-'));
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new Error('Interrupted.')));
const daemon = await provideDaemon({ mayInstall: undefined });
try {
  if (daemon.lacking !== undefined) throw new Error(`no Docker daemon: ${daemon.lacking}`);
  Object.assign(process.env, daemon.env);
  const [python, tracking] = [
    await ensureAirflow(PROVIDER),
    await ensurePythonEnv({ packages: TRACKING_PACKAGES }),
  ];
  const prepared = await prepareBench(
    { ...options, peers: [] },
    { scratch, tell, signal: interruption.signal },
  );
  const { docker, image } = await loadRuntime(prepared.context);
  const [servers, peerFolder] = [join(scratch, 'servers'), join(scratch, 'peer')];
  for (const folder of [servers, peerFolder]) mkdirSync(folder);
  const { surroundings } = prepared;
  const { python: version, ...installed } = installedPackages(python);
  const versions = {
    ...surroundings.versions,
    ...{ Python: version, Airflow: installed['apache-airflow'] },
    ...{ 'its Docker provider': installed['apache-airflow-providers-docker'] },
    MLflow: installedPackages(tracking).mlflow,
  };
  const report = {
    ...{ date: new Date().toISOString(), command: options.command, ...surroundings, versions },
  };
  await withTrackingServers({ python: tracking, folder: servers }, async ({ uri }) => {
    const env = {
      DOCKER_HOST: process.env.DOCKER_HOST || 'unix:///var/run/docker.sock',
      ...{ MLFLOW_TRACKING_URI: uri, RUNNER_DATA_DIR: prepared.context.dataDir },
      ...{ BENCH_IMAGE: image, BENCH_FOLDER: peerFolder },
      ...{ BENCH_PYTHON: tracking, BENCH_LOG: join(PEER, 'log_to_mlflow.py') },
    };
    const airflow = await startAirflow({ python, moreDags: PEER, env });
    try {
      report.runs = await measureAirflowRuns({ ...prepared.context, airflow, docker, peerFolder });
    } finally {
      await airflow[Symbol.asyncDispose]();
    }
  });
  report.verdicts = judgeAirflow(report);
  await publish(report, options, {
    text: renderAirflowText,
    markdown: renderAirflowMarkdown,
    section: 'bench:airflow',
  });
} catch (error) {
  tell(`bench: ${error.message}`);
  process.exitCode = interruption.signal.aborted ? 130 : 3;
} finally {
  await daemon.stop?.();
  rmSync(scratch, { recursive: true, force: true });
}
