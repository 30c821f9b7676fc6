/** Owns the run directory that is the argument until it is asked to end, or for good with `deaf`. */
import { writeJsonAtomic } from '../../../../src/common/atomic-file.js';
import { runPath } from '../../../../src/contract/run-directory.js';
import { thisProcess } from '../../../../src/orchestrator/owner.js';

const [runDir = '', deaf] = process.argv.slice(2);
await writeJsonAtomic(runPath(runDir, 'owner'), thisProcess());
process.on('SIGINT', () => {
  process.stdout.write('asked to end\n');
  if (deaf === undefined) process.exit(130);
});
process.stdout.write('ready\n');
setInterval(() => undefined, 60_000);
