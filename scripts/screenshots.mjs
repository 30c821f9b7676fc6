/**
 * `npm run screenshots`: the pictures of docs/tracking.md, out of a real browser. Trains two short runs, in this process
 * and isolated from it, lets `runner ui` show them, and photographs MLflow's pages into docs/images/.
 *
 *   --runs-dir DIR   show the runs that are there, the newest two of different modes, instead of training
 *   --out DIR        another folder for the pictures
 *
 * Needs Chromium, which CHROMIUM names or PATH has. MLflow is that of the tests.
 */
import { execa } from 'execa';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CLI, ensureBuilt, ROOT } from './lib/checkout.mjs';
import { findDaemon } from './lib/docker-daemon.mjs';
import { MLFLOW_INIT_SCRIPT, withMlflow } from './lib/mlflow-ui.mjs';
import { openBrowser, takePicture } from './lib/pictures.mjs';

const WIDTH = 1400;
const PATIENCE_MS = 120_000;
const SETTLE_MS = 6_000;

const { values } = parseArgs({
  options: { 'runs-dir': { type: 'string' }, out: { type: 'string', default: join(ROOT, 'docs', 'images') } },
});
const out = resolve(values.out);
ensureBuilt();
const scratch = mkdtempSync(join(tmpdir(), 'runner-screenshots-'));
try {
  const runsDir =
    values['runs-dir'] === undefined ? await trainTwo(join(scratch, 'runs')) : resolve(values['runs-dir']);
  await withMlflow(runsDir, (address) => photograph(address, twoModes(runsDir)));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** @param {string} folder */
async function trainTwo(folder) {
  const { reachable } = await findDaemon(process.env);
  for (const mode of ['inprocess', reachable ? 'docker' : 'process']) {
    const args = ['train', '--mode', mode, '--epochs', '4', '--evaluate', '--no-track', '--runs-dir', folder];
    await execa(process.execPath, [CLI, ...args], { stdio: 'inherit' });
  }
  return folder;
}

/**
 * Where MLflow has the newest run in this process, and the newest isolated from it.
 * @param {string} folder
 */
function twoModes(folder) {
  const runs = readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'tracking.json')))
    .sort()
    .reverse()
    .map((name) => {
      const read = (/** @type {string} */ file) => JSON.parse(readFileSync(join(folder, name, file), 'utf8'));
      const { runId, experiment } = read('tracking.json').destinations.at(-1);
      return {
        mode: String(read('spec.json').mode),
        runId: String(runId),
        experiment: String(experiment.id),
      };
    });
  const here = runs.find(({ mode }) => mode === 'inprocess');
  const isolated = runs.find(({ mode }) => mode === 'docker') ?? runs.find(({ mode }) => mode === 'process');
  if (here === undefined || isolated === undefined) throw new Error(`${folder} has not a run of two modes.`);
  return { here, isolated };
}

/**
 * @param {string} address
 * @param {ReturnType<typeof twoModes>} runs
 */
async function photograph(address, { here, isolated }) {
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: WIDTH, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.addInitScript(MLFLOW_INIT_SCRIPT);
    const run = `/#/experiments/${isolated.experiment}/runs/${isolated.runId}`;
    const list = (/** @type {string[]} */ items) => encodeURIComponent(JSON.stringify(items));
    const compare = `/#/compare-runs?runs=${list([here.runId, isolated.runId])}&experiments=${list([here.experiment])}`;
    /** @type {readonly { name: string, path: string, until: string, height?: number, from?: string, press?: string }[]} */
    const pictures = [
      { name: 'run', path: run, until: 'Logged models (1)', height: 1350 },
      { name: 'metrics', path: `${run}/model-metrics`, until: 'val_loss' },
      {
        name: 'artifacts',
        path: `${run}/artifacts/eval/confusion_matrix.png`,
        until: 'confusion_matrix.png',
      },
      { name: 'compare', path: compare, until: 'Run details', from: 'Run details', press: 'Show diff only' },
    ];
    for (const { name, path, until, height = 900, from, press } of pictures) {
      await page.setViewportSize({ width: WIDTH, height });
      // Another part behind the # alone would not load the page anew.
      await page.goto('about:blank');
      await page.goto(`${address}${path}`);
      await page.getByText(until).first().waitFor();
      // Of the parameters what differs: the mode. The others would tell where the data lie on this machine.
      if (press !== undefined) await page.getByText(press).first().click();
      if (from !== undefined)
        await page
          .getByText(from)
          .first()
          .evaluate((found) => found.scrollIntoView());
      // Charts and pictures come after the words; the page never stops asking the server.
      await page.waitForTimeout(SETTLE_MS);
      await takePicture(page, join(out, `${name}.png`), { animations: 'disabled', timeout: PATIENCE_MS });
    }
  } finally {
    await browser.close();
  }
}
