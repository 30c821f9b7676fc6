/** `npm run setup`: packages, compiled sources, engine. Quick when there is nothing to do. */
import { becomeCli, ensureBuilt, ensureInstalled, requireNode } from './lib/checkout.mjs';

requireNode();
ensureInstalled();
ensureBuilt();
await becomeCli('engine', 'provision');
