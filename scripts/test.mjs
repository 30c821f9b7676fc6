/**
 * `npm test`: all of the set-up, then formatting, lint, types and every test. Ends with a plain line
 * `N passed, N failed`. `npm test -- --project unit` runs one project; other arguments go to vitest as well.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, fail, requireNode, ROOT, say } from './lib/checkout.mjs';

const VITEST = 'node_modules/vitest/vitest.mjs';
const CHECKS = [
  ['formatting', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  ['lint', 'node_modules/eslint/bin/eslint.js', '.'],
  ['types', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
];

const REPORTERS = ['default', './tests/support/skip-reasons.ts', 'json'].map((name) => `--reporter=${name}`);

// What there is to say of a run that does not come to its end.
let counted = { passed: 0, failed: 1 };
process.on('exit', () => {
  process.stdout.write(`${counted.passed} passed, ${counted.failed} failed\n`);
});

requireNode();
ensureInstalled();
const args = process.argv.slice(2);
refuseWrong(args);
ensureBuilt();
if ((await run('scripts/setup.mjs')) !== 0) fail('the engine could not be set up: see above.');

const failed = [];
for (const [name, ...command] of CHECKS) {
  say(`Checking ${name}…`);
  if ((await run(...command)) !== 0) failed.push(name);
}
const results = await runTests();
if (failed.length > 0) say(`Failed checks: ${failed.join(', ')}`);
counted = {
  passed: results.passed + CHECKS.length - failed.length,
  failed: results.failed + failed.length,
};
process.exitCode = counted.failed === 0 ? 0 : 1;

/** Better now than after the set-up and the checks. */
function refuseWrong(/** @type {string[]} */ given) {
  const listing = [VITEST, 'list', '--filesOnly', ...given];
  const { status, stdout, stderr } = spawnSync(process.execPath, listing, { cwd: ROOT, encoding: 'utf8' });
  if (status === 0 && stdout.trim() !== '') return;
  const [, why = 'no test file matches'] = /Error: (.*)/.exec(stderr) ?? [];
  fail(`npm test -- ${given.join(' ')}: ${why}`, 2);
}

/** Runs vitest and reads back what it counted. A file that could not even be loaded counts as one failure. */
async function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'runner-test-results-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'results.json');
  try {
    const reporters = [...REPORTERS, `--outputFile.json=${file}`];
    const status = await run(VITEST, 'run', ...reporters, ...args);
    /** @type {VitestResults} */
    const results = JSON.parse(readFileSync(file, 'utf8'));
    const broken = results.testResults.filter(
      ({ status: state, assertionResults }) =>
        state === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    ).length;
    const explained = results.numFailedTests + broken;
    return {
      passed: results.numPassedTests,
      // An error outside any test, such as an unhandled rejection, shows in the exit status alone.
      failed: status !== 0 && explained === 0 ? 1 : explained,
    };
  } catch (error) {
    say(`vitest gave no results: ${error}`);
    return { passed: 0, failed: 1 };
  }
}

/**
 * Runs a program of the checkout with this terminal to its end. After Ctrl-C nothing comes next.
 * @returns its exit status; null after a signal
 */
async function run(/** @type {string[]} */ ...command) {
  const child = spawn(process.execPath, command, { cwd: ROOT, stdio: 'inherit' });
  let stopped = 0;
  // Ctrl-C reaches the child too, which ends in good order; SIGTERM may be for this process alone.
  const onInt = () => (stopped = 130);
  const onTerm = () => {
    stopped = 143;
    child.kill('SIGTERM');
  };
  process.on('SIGINT', onInt).on('SIGTERM', onTerm);
  const [status] = await once(child, 'exit');
  process.off('SIGINT', onInt).off('SIGTERM', onTerm);
  if (stopped > 0) process.exit(stopped);
  return status;
}

/**
 * @typedef {object} VitestResults
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {{ status: string, assertionResults: { status: string }[] }[]} testResults
 */
