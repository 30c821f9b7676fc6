/** @import { TrainedRun } from './train.mjs' */

/**
 * Prints the runs side by side.
 * @param {readonly TrainedRun[]} runs
 * @param {{ json: boolean }} options
 * @returns {number} exit status: 1 if the weights differ
 */
export function compare(runs, { json }) {
  const digests = new Set(runs.map(({ weightsDigest }) => weightsDigest));
  const sameWeights = runs.length > 0 && digests.size === 1 && !digests.has(null);
  if (json) process.stdout.write(`${JSON.stringify({ sameWeights, runs }, null, 2)}\n`);
  else if (runs.length > 0) process.stdout.write(`\n${table(runs)}\n\n${verdict(runs, sameWeights)}\n`);
  return runs.length > 0 && !sameWeights ? 1 : 0;
}

/** @param {readonly TrainedRun[]} runs */
function verdict(runs, /** @type {boolean} */ sameWeights) {
  const unfinished = runs.find(({ status }) => status !== 'succeeded');
  if (unfinished !== undefined) return `runner runs show ${unfinished.runId}   says how far that run got.`;
  if (runs.length === 1) return `runner runs show ${runs[0]?.runId}   shows it again.`;
  return sameWeights
    ? 'The same weights, to the bit, in every mode.'
    : 'The weights differ between the modes: this should not be. Please report it.';
}

/** @param {readonly TrainedRun[]} runs */
function table(runs) {
  const rows = [
    ['MODE', 'WEIGHTS (sha256)', 'TEST ACCURACY', 'IMAGES/S', 'WALL', 'PEAK MEMORY', 'RUN'],
    ...runs.map((run) => [
      run.mode,
      run.weightsDigest?.replace('sha256:', '').slice(0, 16) ?? '-',
      run.testAccuracy === undefined ? '-' : `${(100 * run.testAccuracy).toFixed(2)} %`,
      run.imagesPerSecond === null ? '-' : Math.round(run.imagesPerSecond).toLocaleString('en'),
      `${(run.wallMs / 1000).toFixed(1)} s`,
      `${Math.round((run.trainer?.peakMemoryBytes ?? run.peakRssBytes) / 1e6)} MB`,
      run.runId,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
