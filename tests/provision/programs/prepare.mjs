// Prepares the engine as the command does, and writes what happens as one JSON line each.
import { prepareEngine } from '../../../dist/src/engine/prepare-engine.js';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
try {
  const engine = await prepareEngine({
    force: process.argv.includes('--force'),
    onProgress: (progress) => say({ progress }),
  });
  say({ engine });
} catch (error) {
  const { code, message, hint, stack } = error;
  say({ error: { code, message, hint, ...(hint === undefined && { stack }) } });
  process.exitCode = 1;
}
