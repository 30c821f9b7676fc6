/** What commands take that look at a runs directory in which a day's runs lie. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeManyRuns } from '../lib/many-runs.mjs';
import { runTimed } from '../lib/processes.mjs';
import { shuffled, seededRandom, spread } from '../lib/statistics.mjs';

/**
 * Of runs that were made up (bench/lib/many-runs.mjs).
 * @returns {Promise<Record<string, { median: number, min: number, max: number }>>} seconds by command
 */
export async function measureFolder({ cli, scratch, runs, rounds, seed, signal, tell }) {
  const runsDir = join(scratch, 'many-runs');
  tell(`  making ${runs} runs`);
  const ids = await makeManyRuns(runsDir, runs);
  const middle = ids[ids.length >> 1];
  const commands = {
    'runs ls': ['runs', 'ls'],
    'runs show RUN': ['runs', 'show', middle],
    'compare RUN RUN RUN': ['compare', ...ids.slice(0, 3)],
    compare: ['compare'],
  };
  const seconds = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  const random = seededRandom(seed);
  // Round 0 is a warm-up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, args] of shuffled(Object.entries(commands), random)) {
      const { wallMs } = await runTimed(process.execPath, [cli, ...args, '--runs-dir', runsDir], { signal });
      if (round > 0) seconds[name].push(wallMs / 1000);
    }
    tell(`  round ${round} of ${rounds}`);
  }
  if (readdirSync(runsDir).length < runs) throw new Error(`Runs have gone from ${runsDir}.`);
  return Object.fromEntries(Object.entries(seconds).map(([name, values]) => [name, spread(values)]));
}
