/** `npm start`: all of the set-up, then the main job: MNIST in this process, two epochs, evaluated. */
import { becomeCli, ensureBuilt, ensureInstalled, requireNode } from './lib/checkout.mjs';

requireNode();
ensureInstalled();
ensureBuilt();
// The job sets up the engine.
await becomeCli('train', '--mode', 'inprocess', '--epochs', '2', '--evaluate', ...process.argv.slice(2));
