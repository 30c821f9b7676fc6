/** How good the model is that `runner train` leaves behind: on the 10,000 test images, by `runner evaluate`. */
import { join } from 'node:path';
import { runTimed } from '../lib/processes.mjs';

const CASES = [
  { name: 'after 2 epochs', settings: ['--epochs', '2'] },
  { name: 'with the defaults', settings: [] },
];

/** @returns {Promise<{ name: string, testAccuracy: number, testLoss: number, wallMs: number }[]>} */
export async function measureAccuracy({ cli, scratch, threads, dataDir, signal }) {
  const runsDir = join(scratch, 'accuracy');
  const runner = async (args) => {
    const { wallMs, stdout } = await runTimed(
      process.execPath,
      [cli, ...args, '--runs-dir', runsDir, '--json'],
      { signal },
    );
    return { wallMs, document: JSON.parse(stdout) };
  };
  const measured = [];
  for (const { name, settings } of CASES) {
    const where = ['--threads', String(threads), '--data-dir', dataDir, '--quiet'];
    const { wallMs, document: run } = await runner(['train', ...where, ...settings]);
    const { document } = await runner(['evaluate', run.runId]);
    measured.push({ name, wallMs, testAccuracy: document.testAccuracy, testLoss: document.testLoss });
  }
  return measured;
}
