/** `runner train` as a user runs it: the real command line in a process of its own. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTimed } from './processes.mjs';
import { boundTo } from './processors.mjs';

const PROBE = fileURLToPath(new URL('stall-probe.mjs', import.meta.url));

/**
 * @param {object} context
 * @param {readonly string[]} settings flags of `runner train`
 * @param {{ probeFile?: string, mode?: string, processor?: number }} [options] `probeFile`: also record event-loop delays
 *   there; `processor`: the only one it may use
 */
export async function trainWithRunner(
  { cli, scratch, threads, dataDir, signal },
  settings,
  { probeFile, mode = 'inprocess', processor } = {},
) {
  const runsDir = join(scratch, 'runs');
  const probe = probeFile === undefined ? [] : ['--import', PROBE];
  const fixed = ['--mode', mode, '--batch-size', '128', '--learning-rate', '0.001'];
  const plain = ['--learning-rate-schedule', 'constant', '--no-early-stopping', '--seed', '42'];
  const where = ['--threads', String(threads), '--data-dir', dataDir, '--runs-dir', runsDir];
  const args = [...probe, cli, 'train', ...fixed, ...plain, ...where, '--json', '--quiet', ...settings];
  const { wallMs, stdout } = await runTimed(...boundTo(processor, process.execPath, args), {
    env: probeFile === undefined ? {} : { STALL_PROBE_FILE: probeFile },
    signal,
  });
  const summary = JSON.parse(stdout);
  const read = (file) => readFileSync(join(summary.runDir, file), 'utf8');
  const outcome = JSON.parse(read('outcome.json'));
  const events = read('events.ndjson')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  rmSync(summary.runDir, { recursive: true, force: true });
  return { wallMs, outcome, events };
}
