/**
 * `npm start`: all of the set-up, then the main job, MNIST for two epochs, in every way that this machine has: in this
 * process, in one of its own, in a container. Ends with their comparison.
 *
 *   npm start -- [--no-docker] [--yes] [options of `runner train`]
 */
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ensureInstalled, requireNode, ROOT, say } from './lib/checkout.mjs';
import { DIST } from './lib/paths.mjs';

requireNode();
ensureInstalled();
ensureBuilt();
const { provideDaemon } = await import('./lib/start/daemon.mjs');
const { trainIn } = await import('./lib/start/train.mjs');
const { compare } = await import('./lib/start/compare.mjs');
const { DAEMON_ENDED, nextSteps } = await import('./lib/start/next-steps.mjs');

const given = process.argv.slice(2);
const own = new Set(['--no-docker', '--yes', '--json']);
const options = given.filter((option) => !own.has(option));
const has = (/** @type {string} */ option) => given.includes(option);

/** @type {import('./lib/start/train.mjs').TrainedRun[]} */
const runs = [];
let status = 0;
let daemonEnded = false;
for (const mode of ['inprocess', 'process']) await train(mode);
if (status === 0 && !has('--no-docker')) {
  const daemon = await provideDaemon({ mayInstall: has('--yes') || undefined });
  if (daemon.lacking !== undefined) say(`\nNot in a container: ${daemon.lacking}`);
  else {
    try {
      await train('docker', daemon.env);
    } finally {
      await daemon.stop();
      daemonEnded = daemon.temporary;
    }
  }
}
const verdict = compare(runs, { json: has('--json') });
process.exitCode = status || verdict;
if (process.exitCode === 0 && !has('--json')) {
  say(`\n${nextSteps({ runsDir: await otherRunsDir(), daemonEnded })}`);
} else if (daemonEnded) say(`\n${DAEMON_ENDED}`);

/** After one that failed or was interrupted nothing more is begun. */
async function train(/** @type {string} */ mode, /** @type {Record<string, string>} */ env = {}) {
  if (status !== 0) return;
  say(
    `\nTraining ${{ inprocess: 'in this process', process: 'in a process of its own', docker: 'in a container' }[mode]}…`,
  );
  const trained = await trainIn(mode, ['--epochs', '2', '--evaluate', ...options], env);
  if (trained.run !== undefined) runs.push(trained.run);
  status = trained.status;
}

/** As a shell takes it; undefined for that of the command line, in this checkout. */
async function otherRunsDir() {
  const [last] = runs.slice(-1);
  if (last === undefined || dirname(last.runDir) === join(ROOT, 'runs')) return undefined;
  const { shellWord } = await import(pathToFileURL(join(DIST, 'src', 'common', 'shell-word.js')).href);
  return shellWord(dirname(last.runDir));
}
