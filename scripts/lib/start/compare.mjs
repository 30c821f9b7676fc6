import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { CLI } from '../paths.mjs';

/** @import { TrainedRun } from './train.mjs' */

/**
 * Shows the runs against each other, as `runner compare` does; one alone, or one that did not succeed, by itself.
 * @param {readonly TrainedRun[]} runs
 * @param {{ json: boolean }} options
 * @returns {number} exit status: 1 if the weights differ
 */
export function compare(runs, { json }) {
  const digests = new Set(runs.map(({ weightsDigest }) => weightsDigest));
  const sameWeights = runs.length > 0 && digests.size === 1 && !digests.has(null);
  const status = runs.length > 0 && !sameWeights ? 1 : 0;
  if (json) {
    process.stdout.write(`${JSON.stringify({ sameWeights, runs }, null, 2)}\n`);
    return status;
  }
  const last = runs.at(-1);
  if (last === undefined) return status;
  const comparable = runs.length > 1 && runs.every((run) => run.status === 'succeeded');
  const command = comparable
    ? ['compare', ...runs.map(({ runId }) => runId), '--fail-if', 'not sameWeights']
    : ['runs', 'show', last.runId];
  process.stdout.write('\n');
  const shown = runCommand([...command, '--runs-dir', dirname(last.runDir)]);
  return status || shown;
}

/** @param {readonly string[]} args */
function runCommand(args) {
  const { status, error } = spawnSync(process.execPath, [CLI, ...args], { stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}
