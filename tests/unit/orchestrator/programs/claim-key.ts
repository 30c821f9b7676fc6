/**
 * For each key that a line of the standard input names, makes a run and claims the key for it, in the folder that is
 * the argument; prints the run's id and whether it has got the key.
 */
import { createInterface } from 'node:readline';
import { systemClock } from '../../../../src/common/clock.js';
import { claimKey } from '../../../../src/orchestrator/keyed-run.js';
import { createRun } from '../../../../src/orchestrator/runs-directory.js';
import { SPEC } from '../specs.js';

const [runsDir = ''] = process.argv.slice(2);
process.stdout.write('ready\n');
for await (const key of createInterface({ input: process.stdin })) {
  const run = await createRun(runsDir, SPEC, { clock: systemClock });
  process.stdout.write(`${run.runId} ${await claimKey(runsDir, key, run)}\n`);
}
