/**
 * `npm run screenshots:report`: the pictures of docs/report.md, out of a real browser. A bench of this process against a
 * container (a process of its own where there is no Docker daemon to be had), photographed from its page into docs/images/.
 *
 *   --runs-dir DIR   compare the latest runs that are there instead of training
 *   --data-dir DIR   train on other data than the job has
 *   --out DIR        another folder for the pictures
 *   --all            also what is not in the documents: each width in light and dark, whole, and as it prints
 *
 * Needs Chromium, which CHROMIUM names or PATH has.
 */
import { execa } from 'execa';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { CLI, ensureBuilt, ROOT } from './lib/checkout.mjs';
import { findChromium, launchChromium } from './lib/chromium.mjs';
import { provideDaemon } from './lib/start/daemon.mjs';

const MOST_BYTES = 200_000;
const BENCH = ['--repeats', '5', '--epochs', '3', '--evaluate', '--order-seed', '1'];

/** @typedef {{ name: string, width: number, scheme: 'light' | 'dark', height?: number, from?: string }} Picture */

/** @type {readonly Picture[]} */
const OF_THE_DOCUMENTS = [
  { name: 'report-desktop', width: 1100, height: 1250, scheme: 'light' },
  { name: 'report-phone', width: 390, height: 1350, scheme: 'dark', from: '#learning' },
];
/** @type {readonly Picture[]} */
const WHOLE = /** @type {const} */ (['light', 'dark']).flatMap((scheme) =>
  [390, 1280].map((width) => ({ name: `whole-${width}-${scheme}`, width, scheme })),
);

const { values } = parseArgs({
  options: {
    'runs-dir': { type: 'string' },
    'data-dir': { type: 'string' },
    out: { type: 'string', default: join(ROOT, 'docs', 'images') },
    all: { type: 'boolean', default: false },
  },
});
ensureBuilt();
const scratch = mkdtempSync(join(tmpdir(), 'runner-screenshots-'));
try {
  const page = join(scratch, 'report.html');
  const given = values['runs-dir'];
  if (given === undefined) await bench(join(scratch, 'runs'), page);
  else await runner(['compare', '--runs-dir', resolve(given), '--output', page]);
  await photograph(page, resolve(values.out));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * @param {string} runsDir
 * @param {string} page
 */
async function bench(runsDir, page) {
  const daemon = await provideDaemon({ mayInstall: undefined });
  try {
    if (daemon.lacking !== undefined) console.log(`No containers are shown: ${daemon.lacking}`);
    const [isolated, env] = daemon.lacking === undefined ? ['docker', daemon.env] : ['process', {}];
    const data = values['data-dir'];
    const what = [
      '--modes',
      `inprocess,${isolated}`,
      ...(data === undefined ? [] : ['--data-dir', resolve(data)]),
    ];
    await runner(['bench', ...what, ...BENCH, '--runs-dir', runsDir, '--output', page], env);
  } finally {
    if (daemon.lacking === undefined) await daemon.stop();
  }
}

/**
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
async function runner(args, env = {}) {
  await execa(process.execPath, [CLI, ...args], { stdio: 'inherit', env });
}

/**
 * @param {string} file
 * @param {string} out
 */
async function photograph(file, out) {
  const program = findChromium(process.env);
  if (program === undefined) throw new Error('There is no Chromium: install it, or name it in CHROMIUM.');
  mkdirSync(out, { recursive: true });
  const browser = await launchChromium(program);
  try {
    for (const { name, width, scheme, height = 900, from } of [
      ...OF_THE_DOCUMENTS,
      ...(values.all ? WHOLE : []),
    ]) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
      await page.goto(pathToFileURL(file).href);
      if (from !== undefined) await page.locator(from).evaluate((section) => section.scrollIntoView());
      const isWhole = name.startsWith('whole');
      const path = join(out, `${name}.png`);
      await page.screenshot({ path, fullPage: isWhole });
      if (isWhole) await page.pdf({ path: join(out, 'print.pdf'), format: 'A4' });
      await page.close();
      const { size } = statSync(path);
      console.log(`${path} (${Math.round(size / 1000)} kB)`);
      if (!isWhole && size > MOST_BYTES) throw new Error(`${path} is larger than ${MOST_BYTES} bytes.`);
    }
  } finally {
    await browser.close();
  }
}
