/**
 * `npm test`: all of the set-up, then formatting, lint, types and every test. Ends with a plain line
 * `N passed, N failed`. `npm test -- --project unit` runs one project; other arguments go to vitest as well.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import './setup.mjs';
import { run, say } from './lib/checkout.mjs';

const CHECKS = [
  ['formatting', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
  ['lint', ['node_modules/eslint/bin/eslint.js', '.']],
  ['types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']],
];

const failed = [];
for (const [name, args] of CHECKS) {
  say(`Checking ${name}…`);
  if (run(process.execPath, args) !== 0) failed.push(name);
}

const results = runTests(process.argv.slice(2));
const passed = results.numPassedTests + CHECKS.length - failed.length;
const failures = results.numFailedTests + failed.length + results.brokenFiles;
const skipped = results.numPendingTests + results.numTodoTests;
if (failed.length > 0) say(`Failed checks: ${failed.join(', ')}`);
if (skipped > 0) say(`${skipped} skipped`);
process.stdout.write(`${passed} passed, ${failures} failed\n`);
process.exitCode = failures === 0 ? 0 : 1;

/** Runs vitest and reads back what it counted. A file that could not even be loaded counts as one failure. */
function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'runner-test-results-'));
  const file = join(folder, 'results.json');
  try {
    const status = run(process.execPath, [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...args,
    ]);
    const results = JSON.parse(readFileSync(file, 'utf8'));
    const broken = results.testResults.filter(
      ({ status: state, assertionResults }) =>
        state === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    ).length;
    // An error outside any test, such as an unhandled rejection, shows in the exit status alone.
    const unexplained = status !== 0 && results.numFailedTests === 0 && broken === 0 ? 1 : 0;
    return { ...results, brokenFiles: broken + unexplained };
  } catch (error) {
    say(`vitest gave no results: ${error.message}`);
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, brokenFiles: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
