/**
 * `npm run screenshots:report`: the pictures of docs/report.md, out of a real browser. Trains in each mode that this
 * machine has, thrice in turns, compares the runs, and photographs the top of the page into docs/images/.
 *
 *   --runs-dir DIR   compare the latest runs that are there instead of training
 *   --out DIR        another folder for the pictures
 *
 * Needs Chromium, which CHROMIUM names or PATH has; with a Docker daemon at hand there are containers, too.
 */
import { execa } from 'execa';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { CLI, ensureBuilt, ROOT } from './lib/checkout.mjs';
import { findChromium, launchChromium } from './lib/chromium.mjs';
import { findDaemon } from './lib/docker-daemon.mjs';

const MOST_BYTES = 200_000;
const ROUNDS = 3;
const PICTURES = /** @type {const} */ ([
  { name: 'report-desktop', width: 1100, height: 1250, scheme: 'light', from: '#answer' },
  { name: 'report-phone', width: 360, height: 1250, scheme: 'dark', from: '#learning' },
]);

const { values } = parseArgs({
  options: { 'runs-dir': { type: 'string' }, out: { type: 'string', default: join(ROOT, 'docs', 'images') } },
});
ensureBuilt();
const scratch = mkdtempSync(join(tmpdir(), 'runner-screenshots-'));
try {
  const given = values['runs-dir'];
  const runsDir = given === undefined ? await train(join(scratch, 'runs')) : resolve(given);
  const page = join(scratch, 'report.html');
  await runner('compare', '--runs-dir', runsDir, '--output', page);
  await photograph(page, resolve(values.out));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function train(/** @type {string} */ runsDir) {
  const { reachable } = await findDaemon(process.env);
  const modes = ['inprocess', 'process', ...(reachable ? ['docker'] : [])];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const mode of modes) {
      await runner(
        'train',
        '--mode',
        mode,
        '--epochs',
        '4',
        '--evaluate',
        '--no-track',
        '--runs-dir',
        runsDir,
      );
    }
  }
  return runsDir;
}

async function runner(/** @type {string[]} */ ...args) {
  await execa(process.execPath, [CLI, ...args], { stdio: 'inherit' });
}

async function photograph(/** @type {string} */ file, /** @type {string} */ out) {
  const program = findChromium(process.env);
  if (program === undefined) throw new Error('There is no Chromium: install it, or name it in CHROMIUM.');
  const browser = await launchChromium(program);
  try {
    for (const { name, width, height, scheme, from } of PICTURES) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
      await page.goto(pathToFileURL(file).href);
      if (from !== '#answer') await page.locator(from).evaluate((section) => section.scrollIntoView());
      const path = join(out, `${name}.png`);
      await page.screenshot({ path });
      await page.close();
      const { size } = statSync(path);
      console.log(`${path} (${Math.round(size / 1000)} kB)`);
      if (size > MOST_BYTES) throw new Error(`${path} is larger than ${MOST_BYTES} bytes.`);
    }
  } finally {
    await browser.close();
  }
}
