/** What `runner` itself costs beside the trainer. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastJson, runTimed } from '../lib/processes.mjs';
import { runRounds } from '../lib/rounds.mjs';
import { writeSubset } from '../lib/subset.mjs';

const SIDE_BY_SIDE = fileURLToPath(new URL('../lib/side-by-side.mjs', import.meta.url));

/** Wall time of `runner --help`, beside a Node that does nothing. */
export function measureHelp({ cli, signal, ...context }) {
  const contestant = (name, args) => {
    const run = () => runTimed(process.execPath, args, { signal });
    return { name, warmUp: run, run };
  };
  return runRounds([contestant('node', ['-e', '0']), contestant('runner --help', [cli, '--help'])], {
    ...context,
    rounds: 4 * context.rounds,
    describe: ({ wallMs }) => `${Math.round(wallMs)} ms`,
  });
}

/** Growth of the orchestrator's memory from one run in a container to eight at once, in a process of its own. */
export async function measureSideBySide({ dist, dataDir, scratch, threads, signal }) {
  const folder = join(scratch, 'side-by-side');
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeSubset(dataDir, join(folder, 'data'), { train: 600, test: 100 });
  const args = ['--expose-gc', SIDE_BY_SIDE, dist, folder, String(threads)];
  const { stdout } = await runTimed(process.execPath, args, { signal });
  return lastJson(stdout);
}
