/** What the network's convolutions alone cost in TensorFlow: the speed that no one can pass who trains it with them. */
import { fileURLToPath } from 'node:url';
import { lastJson, runTimed } from '../lib/processes.mjs';

const SCRIPT = fileURLToPath(new URL('../peers/convolutions.py', import.meta.url));

/** @returns {Promise<{ passes: Record<string, number>, ms: number, imagesPerSecond: number }>} */
export async function measureFloor({ python, threads, signal }) {
  const env = { TF_CPP_MIN_LOG_LEVEL: '3' };
  const { stdout } = await runTimed(python, [SCRIPT, String(threads)], { env, signal });
  const { batch, ms: passes } = lastJson(stdout);
  const ms = Object.values(passes).reduce((sum, each) => sum + each, 0);
  return { passes, ms, imagesPerSecond: (1000 * batch) / ms };
}
