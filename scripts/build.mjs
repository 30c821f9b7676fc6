/** `npm run build`: the compiled sources in dist/. */
import { ensureBuilt, requireNode } from './lib/checkout.mjs';

requireNode();
ensureBuilt();
