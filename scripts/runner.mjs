#!/usr/bin/env node
/** The command `runner`. In a checkout it compiles what has changed first; an installed package has no sources. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { becomeCli, CLI, ensureBuilt, fail, requireNode, ROOT } from './lib/checkout.mjs';

requireNode();
if (!existsSync(join(ROOT, 'node_modules')) && existsSync(join(ROOT, 'package-lock.json'))) {
  fail('the packages are not installed. Run `npm ci` in the checkout, or `npm start` for all of the set-up.');
}
if (existsSync(join(ROOT, 'src'))) ensureBuilt();
else if (!existsSync(CLI))
  fail('the package lacks its compiled sources: `npm run package` packs them, `npm pack` does not.');
await becomeCli(...process.argv.slice(2));
