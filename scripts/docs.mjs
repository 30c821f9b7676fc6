#!/usr/bin/env node
// Brings the generated tables in docs/ up to date: `npm run build && npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedTables, insertTable } from '../dist/src/cli/reference.js';
import { mnistCnn } from '../dist/src/jobs/mnist-cnn/index.js';

for (const table of generatedTables(mnistCnn)) {
  const path = new URL(`../${table.path}`, import.meta.url);
  const document = readFileSync(path, 'utf8');
  const current = insertTable(document, table);
  if (current === document) continue;
  writeFileSync(path, current);
  console.log(`Updated the table "${table.name}" in ${table.path}.`);
}
