/**
 * `npm run bench:report`: whether the report is to be believed. A mode against itself, a mode with a side that is 5 %
 * slower, and the length of a run foretold by shorter ones. Method and figures: docs/report.md.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from '../scripts/lib/checkout.mjs';
import { judgeHonesty, renderHonestyMarkdown, renderHonestyText } from './lib/honesty-report.mjs';
import { prepareBench } from './lib/prepare.mjs';
import { publish } from './lib/report.mjs';
import { readReportOptions } from './lib/report-options.mjs';
import { writeSubset } from './lib/subset.mjs';
import { measureSame, measureSlowed } from './measures/honesty.mjs';
import { measureLengths } from './measures/lengths.mjs';

const tell = (text) => process.stderr.write(`${text}\n`);
/** What a comparison is made of is of no matter where a mode meets itself; a slow-down must last long enough to be seen. */
const SMALL = { train: 2000, test: 200 };
const LARGER = { train: 6000, test: 200 };

ensureInstalled();
const options = readReportOptions(process.argv.slice(2));
if (options.dist === undefined) ensureBuilt();
const scratch = mkdtempSync(join(tmpdir(), 'runner-bench-'));
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new Error('Interrupted.')));
try {
  const { context, surroundings } = await prepareBench(
    { ...options, peers: [] },
    { scratch, tell, signal: interruption.signal },
  );
  const keep = options.keep ?? scratch;
  const folders = { small: join(keep, 'digits-small'), larger: join(keep, 'digits-larger') };
  for (const [folder, size] of [
    [folders.small, SMALL],
    [folders.larger, LARGER],
  ]) {
    mkdirSync(folder, { recursive: true });
    writeSubset(context.dataDir, folder, size);
  }
  const report = { date: new Date().toISOString(), command: options.command, ...surroundings };
  for (const [name, title, measure] of [
    ['same', 'A mode against itself', measureSame],
    ['slowed', 'A side that is slower', measureSlowed],
    ['lengths', 'Runs of several lengths', measureLengths],
  ]) {
    if (!options.measures.includes(name)) continue;
    tell(title);
    report[name] = await measure({ ...context, ...folders, keep });
  }
  report.verdicts = judgeHonesty(report);
  await publish(report, options, {
    text: renderHonestyText,
    markdown: renderHonestyMarkdown,
    section: 'bench:report',
  });
} catch (error) {
  tell(`bench: ${error.message}`);
  process.exitCode = interruption.signal.aborted ? 130 : 3;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
