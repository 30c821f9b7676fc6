/** Whether the length of a run is foretold: from runs of 1, 2 and 4 epochs, one of 8. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runTimed } from '../lib/processes.mjs';
import { seededRandom, shuffled } from '../lib/statistics.mjs';

const LENGTHS = [1, 2, 4, 8];

/** @returns {Promise<{ runs: object[], scaling: object, epochs: number, predictedSeconds: number, measuredSeconds: number }>} */
export async function measureLengths(context) {
  const { cli, dist, keep, larger, threads, seed, rounds, minutes, signal, tell } = context;
  const runsDir = join(keep, 'lengths');
  const until = performance.now() + minutes * 60_000;
  const random = seededRandom(seed);
  const runs = [];
  // Round 0 is a warm-up. Of each key a run is trained once, so the same command goes on with what is there.
  for (let round = 0; round <= rounds && performance.now() < until; round += 1) {
    for (const epochs of round === 0 ? [1] : shuffled(LENGTHS, random)) {
      const args = ['train', '--mode', 'inprocess', '--epochs', String(epochs), '--no-early-stopping'];
      const where = ['--data-dir', larger, '--runs-dir', runsDir, '--threads', String(threads)];
      const rest = ['--key', `lengths/${round}/${epochs}`, '--no-track', '--json', '--quiet'];
      const { stdout } = await runTimed(process.execPath, [cli, ...args, ...where, ...rest], { signal });
      const { runDir } = JSON.parse(stdout);
      const { phases, resources } = JSON.parse(readFileSync(join(runDir, 'outcome.json'), 'utf8'));
      const seconds = (resources.wallMs - (phases.provision ?? 0)) / 1000;
      tell(`  round ${round} of ${rounds}: ${epochs} epochs: ${seconds.toFixed(2)} s`);
      if (round > 0) runs.push({ epochs, seconds });
    }
  }
  const { foretellLongest, scalingOf } = await import(
    pathToFileURL(join(dist, 'src/report/compare/scaling.js')).href
  );
  const shorter = runs.filter(({ epochs }) => epochs !== LENGTHS.at(-1));
  return { runs, scaling: scalingOf(shorter), ...foretellLongest(runs) };
}
