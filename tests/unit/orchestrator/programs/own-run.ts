/** Owns the run directory that is the argument until it is asked to stop, and says so. */
import { once } from 'node:events';
import { writeJsonAtomic } from '../../../../src/common/atomic-file.js';
import { runPath } from '../../../../src/contract/run-directory.js';
import { thisProcess } from '../../../../src/orchestrator/owner.js';
import { heedStopFile } from '../../../../src/orchestrator/stop-file.js';

const [runDir = ''] = process.argv.slice(2);
await writeJsonAtomic(runPath(runDir, 'owner'), thisProcess());
using heeded = await heedStopFile(runDir, new AbortController().signal, 20);
const busy = setInterval(() => undefined, 60_000);
process.stdout.write('ready\n');
await once(heeded.signal, 'abort');
process.stdout.write('asked to end\n');
clearInterval(busy);
