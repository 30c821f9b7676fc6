/** `npm run setup`: packages, compiled sources, engine. Quick when there is nothing to do. */
import { CLI, ensureBuilt, ensureInstalled, requireNode, runOrExit } from './lib/checkout.mjs';

requireNode();
ensureInstalled();
ensureBuilt();
runOrExit(process.execPath, [CLI, 'engine', 'provision'], 'The engine could not be set up: see above.');
