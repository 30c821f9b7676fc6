/**
 * `node bench/blast-radius.mjs [--write] [FLAGS of runner bench --blast-radius]`: what a fault harms in each mode, shown as Markdown;
 * with --write put into README.md and docs/blast-radius.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CLI, ensureBuilt, ensureInstalled, ROOT } from '../scripts/lib/checkout.mjs';
import { DIST } from '../scripts/lib/paths.mjs';
import { provideDaemon } from '../scripts/lib/start/daemon.mjs';
import { replaceSection } from './lib/report.mjs';

ensureInstalled();
ensureBuilt();
const args = process.argv.slice(2);
const write = args.includes('--write');
const { caseTable, renderMarkdown, summaryTable, surroundings } = await import(
  pathToFileURL(join(DIST, 'src/report/blast-radius/render-markdown.js')).href
);
const scratch = mkdtempSync(join(tmpdir(), 'runner-bench-'));
const daemon = await provideDaemon({ mayInstall: undefined });
try {
  if (daemon.lacking !== undefined) throw new Error(`no Docker daemon: ${daemon.lacking}`);
  const file = join(scratch, 'blast-radius.json');
  const flags = args.filter((arg) => arg !== '--write');
  const child = spawn(process.execPath, [CLI, 'bench', '--blast-radius', '--output', file, ...flags], {
    env: { ...process.env, ...daemon.env },
    stdio: 'inherit',
  });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`runner bench --blast-radius ended with status ${status}`);
  const result = JSON.parse(readFileSync(file, 'utf8'));
  if (write) {
    await replaceSection(join(ROOT, 'README.md'), summaryTable(result), 'blast-radius');
    await replaceSection(
      join(ROOT, 'docs/blast-radius.md'),
      `${caseTable(result)}\n\n${surroundings(result)}`,
      'blast-radius',
    );
  } else console.log(renderMarkdown(result));
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 3;
} finally {
  await daemon.stop?.();
  rmSync(scratch, { recursive: true, force: true });
}
