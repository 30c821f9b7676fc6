/** MLflow for pictures: that of `runner ui`, with the packages of the tests. */
import { execa } from 'execa';
import { createInterface } from 'node:readline';
import { CLI } from './checkout.mjs';
import { ensurePythonEnv, TRACKING_PACKAGES } from './python-env.mjs';

/** MLflow's pages as a person leaves them who trains models: they begin with those for language models, and an assistant. */
const PREFERENCES = {
  'mlflow.workflowType_v1': '"machine_learning"',
  'mlflow.assistant.panelOpen_v1': 'false',
  'mlflow.assistant.fab.autoOpenedOnFirstLoad_v1': 'true',
};
/** Before a page of MLflow is opened. */
export const MLFLOW_INIT_SCRIPT = {
  content: `Object.assign(localStorage, ${JSON.stringify(PREFERENCES)})`,
};

/**
 * Lends `runner ui` for as long as `work` takes.
 * @param {string} runsDir
 * @param {(address: string) => Promise<void>} work
 */
export async function withMlflow(runsDir, work) {
  const python = await ensurePythonEnv({ packages: TRACKING_PACKAGES });
  const ui = execa(process.execPath, [CLI, 'ui', '--runs-dir', runsDir], {
    ...{ env: { RUNNER_PYTHON: python }, stderr: 'inherit', reject: false },
  });
  try {
    const { value: said = '' } = await createInterface(ui.stdout)[Symbol.asyncIterator]().next();
    await work(String(said).split(' ')[0] ?? '');
  } finally {
    ui.kill('SIGINT');
    await ui;
  }
}
