/**
 * `npm run bench:report`: whether the report is to be believed. A mode against itself, a mode with a side that is 5 %
 * slower, and the length of a run foretold by shorter ones. Method and figures: docs/report.md.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { measureAll, runBenchmark } from './lib/benchmark.mjs';
import { judgeHonesty, renderHonestyMarkdown, renderHonestyText } from './lib/honesty-report.mjs';
import { readReportOptions } from './lib/report-options.mjs';
import { writeSubset } from './lib/subset.mjs';
import { measureSame, measureSlowed } from './measures/honesty.mjs';
import { measureLengths } from './measures/lengths.mjs';

/** What a comparison is made of is of no matter where a mode meets itself; a slow-down must last long enough to be seen. */
const SMALL = { train: 2000, test: 200 };
const LARGER = { train: 6000, test: 200 };

await runBenchmark(
  readReportOptions(process.argv.slice(2)),
  {
    ...{ section: 'bench:report', judge: judgeHonesty },
    ...{ text: renderHonestyText, markdown: renderHonestyMarkdown },
  },
  async ({ context, report, scratch }) => {
    const keep = context.keep ?? scratch;
    const folders = { small: join(keep, 'digits-small'), larger: join(keep, 'digits-larger') };
    for (const [folder, size] of [
      [folders.small, SMALL],
      [folders.larger, LARGER],
    ]) {
      mkdirSync(folder, { recursive: true });
      writeSubset(context.dataDir, folder, size);
    }
    await measureAll({ context: { ...context, ...folders, keep }, report }, [
      ['same', 'A mode against itself', measureSame],
      ['slowed', 'A side that is slower', measureSlowed],
      ['lengths', 'Runs of several lengths', measureLengths],
    ]);
  },
);
