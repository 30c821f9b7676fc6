/**
 * `node bench/blast-radius.mjs [--write] [FLAGS of runner bench --blast-radius]`: what a fault harms in each mode, shown as Markdown;
 * with --write put into README.md and docs/blast-radius.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CLI, ROOT } from '../scripts/lib/checkout.mjs';
import { DIST } from '../scripts/lib/paths.mjs';
import { inPlace } from './lib/benchmark.mjs';
import { replaceSection } from './lib/report.mjs';

const args = process.argv.slice(2);

await inPlace({ docker: true }, async ({ scratch }) => {
  const file = join(scratch, 'blast-radius.json');
  const flags = args.filter((arg) => arg !== '--write');
  const child = spawn(process.execPath, [CLI, 'bench', '--blast-radius', '--output', file, ...flags], {
    stdio: 'inherit',
  });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`runner bench --blast-radius ended with status ${status}`);
  await show(JSON.parse(readFileSync(file, 'utf8')), args.includes('--write'));
});

async function show(result, write) {
  const { caseTable, renderMarkdown, summaryTable, surroundings } = await import(
    pathToFileURL(join(DIST, 'src/report/blast-radius/render-markdown.js')).href
  );
  if (!write) return console.log(renderMarkdown(result));
  await replaceSection(join(ROOT, 'README.md'), summaryTable(result), 'blast-radius');
  await replaceSection(
    join(ROOT, 'docs/blast-radius.md'),
    `${caseTable(result)}\n\n${surroundings(result)}`,
    'blast-radius',
  );
}
