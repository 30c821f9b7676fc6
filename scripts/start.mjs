/**
 * `npm start`: all of the set-up, then the main job, MNIST for two epochs, in every way that this machine has: in this
 * process, in one of its own, in a container. Ends with their comparison.
 *
 *   npm start -- [--no-docker] [--yes] [options of `runner train`]
 */
import { ensureBuilt, ensureInstalled, requireNode, say } from './lib/checkout.mjs';

requireNode();
ensureInstalled();
ensureBuilt();
const { provideDaemon } = await import('./lib/start/daemon.mjs');
const { trainIn } = await import('./lib/start/train.mjs');
const { compare } = await import('./lib/start/compare.mjs');

const given = process.argv.slice(2);
const own = new Set(['--no-docker', '--yes', '--json']);
const options = given.filter((option) => !own.has(option));
const has = (/** @type {string} */ option) => given.includes(option);

/** @type {import('./lib/start/train.mjs').TrainedRun[]} */
const runs = [];
let status = 0;
for (const mode of ['inprocess', 'process']) await train(mode);
if (status === 0 && !has('--no-docker')) {
  const daemon = await provideDaemon({ mayInstall: has('--yes') || undefined });
  if (daemon.lacking !== undefined) say(`\nNot in a container: ${daemon.lacking}`);
  else {
    try {
      await train('docker', daemon.env);
    } finally {
      await daemon.stop();
    }
  }
}
const verdict = compare(runs, { json: has('--json') });
process.exitCode = status || verdict;

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
