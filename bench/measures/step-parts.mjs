/**
 * Where the time of a training step goes, and what several steps a native call, and batches that a thread makes
 * meanwhile, save: beside a call of TensorFlow that has nothing to do. On the trainer's own code in one process, MNIST's images in a random order, Adam, dropout.
 */
import { fileURLToPath } from 'node:url';
import { lastJson, runTimed } from '../lib/processes.mjs';

const PROBE = fileURLToPath(new URL('../lib/step-parts-probe.mjs', import.meta.url));

/**
 * @returns {Promise<{ emptyCall: { whole: number, native: number }, steps: object[] }>} medians in milliseconds a step, for
 *   each size of the batch and number of steps a call
 */
export async function measureStepParts({ dist, dataDir, threads, signal }) {
  const { stdout } = await runTimed(process.execPath, [PROBE, dist, dataDir, String(threads)], { signal });
  return lastJson(stdout);
}
