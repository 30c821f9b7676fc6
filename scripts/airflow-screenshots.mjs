/**
 * `npm run screenshots:airflow`: the pictures of docs/airflow.md, out of a real browser. Runs mnist_cnn_training_train_with_docker on an
 * Airflow and an MLflow of its own (without a Docker daemon its counterpart), and photographs the pages of that DAG run into
 * docs/images/.
 *
 *   --out DIR   another folder for the pictures
 *
 * Needs Chromium, which CHROMIUM names or PATH has. Airflow and MLflow are those of the tests.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureAirflow } from './lib/airflow/python.mjs';
import { startAirflow } from './lib/airflow/services.mjs';
import { ensureBuilt, ROOT } from './lib/checkout.mjs';
import { MLFLOW_INIT_SCRIPT, withMlflow } from './lib/mlflow-ui.mjs';
import { openBrowser, takePicture } from './lib/pictures.mjs';
import { provideDaemon } from './lib/start/daemon.mjs';

const PATIENCE_MS = 120_000;
const SETTLE_MS = 4_000;

const { values } = parseArgs({
  options: { out: { type: 'string', default: join(ROOT, 'docs', 'images') } },
});
const out = resolve(values.out);
ensureBuilt();
const scratch = mkdtempSync(join(tmpdir(), 'runner-screenshots-'));
const daemon = await provideDaemon({ mayInstall: undefined });
try {
  await withMlflow(join(scratch, 'runs'), showDagRun);
} finally {
  if (daemon.lacking === undefined) await daemon.stop();
  rmSync(scratch, { recursive: true, force: true });
}

/** @param {string} mlflow */
async function showDagRun(mlflow) {
  const env = { MLFLOW_TRACKING_URI: mlflow, ...(daemon.lacking === undefined ? daemon.env : {}) };
  const airflow = await startAirflow({ python: await ensureAirflow(), env });
  try {
    const mode = daemon.lacking === undefined ? 'docker' : 'tensorflow';
    const run = { dagId: `mnist_cnn_training_train_with_${mode}`, runId: 'manual__20261126T020000' };
    await airflow.api.unpause(run.dagId);
    await airflow.api.trigger(run, { MNIST_EPOCHS: 3 });
    for (;;) {
      const { state } = await airflow.api.dagRun(run);
      if (state === 'success') break;
      if (state === 'failed') throw new Error(`${run.dagId} has failed.`);
      await sleep(500);
    }
    const { url } = /** @type {{ url: string }} */ (await airflow.api.result(run, 'log_to_mlflow'));
    await photograph([
      {
        name: 'airflow-grid',
        address: `${airflow.uri}/dags/${run.dagId}/runs/${run.runId}`,
        until: 'log_to_mlflow',
        height: 620,
      },
      { name: 'airflow-mlflow', address: url, until: 'Logged models', height: 900 },
    ]);
  } finally {
    await airflow[Symbol.asyncDispose]();
  }
}

/** @param {readonly { name: string, address: string, until: string, height: number }[]} pictures */
async function photograph(pictures) {
  const browser = await openBrowser();
  try {
    for (const { name, address, until, height } of pictures) {
      const page = await browser.newPage({ viewport: { width: 1200, height }, colorScheme: 'light' });
      page.setDefaultTimeout(PATIENCE_MS);
      await page.addInitScript(MLFLOW_INIT_SCRIPT);
      await page.goto(address);
      await page.getByText(until).first().waitFor();
      // Charts and pictures come after the words; the pages never stop asking their servers.
      await page.waitForTimeout(SETTLE_MS);
      await takePicture(page, join(out, `${name}.png`), { animations: 'disabled', timeout: PATIENCE_MS });
      await page.close();
    }
  } finally {
    await browser.close();
  }
}
