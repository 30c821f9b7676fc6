/**
 * `npm run bench:page`: how long the report of many runs takes as a page, and how long Chromium takes to load that.
 * Of runs that never were (bench/lib/many-runs.mjs).
 *
 *   --runs N     how many (default: 1000)
 *   --rounds N   how often each is measured (default: 5); the median counts
 *   --check      end with status 1 where a target is missed
 */
import { performance } from 'node:perf_hooks';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { findChromium, launchChromium } from '../scripts/lib/chromium.mjs';
import { DIST } from '../scripts/lib/paths.mjs';
import { inPlace } from './lib/benchmark.mjs';
import { makeManyRuns } from './lib/many-runs.mjs';
import { median } from './lib/statistics.mjs';

const TARGETS = { makeMs: 1000, loadMs: 1000, bytes: 2_000_000 };

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    check: { type: 'boolean', default: false },
  },
});
await inPlace({}, async ({ scratch, signal }) => {
  const runsDir = join(scratch, 'runs');
  await makeManyRuns(runsDir, Number(values.runs));
  const rounds = Number(values.rounds);
  const made = [];
  while (made.length < rounds) {
    signal.throwIfAborted();
    made.push(await makePage(runsDir));
  }
  const page = join(scratch, 'report.html');
  writeFileSync(page, made[0].text);
  const loads = await loadTimes(pathToFileURL(page).href, rounds, signal);
  const of = (name) => median(made.map((one) => one[name]));
  const bytes = Buffer.byteLength(made[0].text);
  const figures = {
    readMs: of('readMs'),
    compareMs: of('compareMs'),
    makeMs: of('makeMs'),
    makeCpuMs: of('makeCpuMs'),
    loadMs: median(loads),
  };
  for (const [name, ms] of Object.entries(figures)) console.log(`${name.padEnd(10)} ${ms.toFixed(0)}`);
  console.log(`${'bytes'.padEnd(10)} ${bytes}`);
  const missed = Object.entries(TARGETS).filter(([name, most]) => !({ ...figures, bytes }[name] < most));
  for (const [name, most] of missed) console.log(`missed: ${name} is to be under ${most}`);
  if (values.check && missed.length > 0) process.exitCode = 1;
});

/** What `runner compare --format html` does, step by step; the first round loads ECharts besides. */
async function makePage(runsDir) {
  const load = (path) => import(pathToFileURL(join(DIST, path)).href);
  const { readLatest } = await load('src/cli/comparison/read-runs.js');
  const { createReport } = await load('src/report/compare/report.js');
  const { readPage } = await load('src/cli/comparison/read-page.js');
  const { renderHtml } = await load('src/report/compare/html/page.js');
  const marks = [performance.now()];
  const runs = await readLatest(runsDir, () => undefined);
  marks.push(performance.now());
  const report = createReport(runs, { force: false });
  marks.push(performance.now());
  const before = process.cpuUsage();
  const services = { findJob: () => Promise.reject(new Error('no data are looked at')) };
  const text = renderHtml(await readPage(report, { source: { runsDir }, services }), { version: 'bench' });
  marks.push(performance.now());
  const { user, system } = process.cpuUsage(before);
  const [readMs, compareMs, makeMs] = marks.slice(1).map((mark, index) => mark - marks[index]);
  return { readMs, compareMs, makeMs, makeCpuMs: (user + system) / 1000, text };
}

/** From the beginning of the navigation to the end of the load event, as the page itself has it. */
async function loadTimes(address, rounds, signal) {
  const program = findChromium(process.env);
  if (program === undefined) throw new Error('There is no Chromium: install it, or name it in CHROMIUM.');
  const browser = await launchChromium(program);
  try {
    const times = [];
    for (let round = 0; round < rounds; round += 1) {
      signal.throwIfAborted();
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await page.goto(address);
      times.push(await page.evaluate(() => performance.getEntriesByType('navigation')[0].loadEventEnd));
      await page.close();
    }
    return times;
  } finally {
    await browser.close();
  }
}
