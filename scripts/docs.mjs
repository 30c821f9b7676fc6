/** `npm run docs`: brings the generated tables in docs/ up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './lib/checkout.mjs';
import { DIST, ROOT } from './lib/paths.mjs';

ensureBuilt();
const compiled = (/** @type {string} */ path) => import(pathToFileURL(join(DIST, path)).href);
const { generatedTables, insertTable } = await compiled('src/cli/reference.js');
const { mnistCnn } = await compiled('src/jobs/mnist-cnn/index.js');

for (const table of generatedTables(mnistCnn)) {
  const path = join(ROOT, table.path);
  const document = readFileSync(path, 'utf8');
  const current = insertTable(document, table);
  if (current === document) continue;
  writeFileSync(path, current);
  console.log(`Updated the table "${table.name}" in ${table.path}.`);
}
