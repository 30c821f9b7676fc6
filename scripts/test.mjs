/**
 * `npm test`: all of the set-up, formatting, lint, types and every test; two of these at once where the machine has
 * room. Ends with a plain line `N passed, N failed`. `npm test -- --project unit` runs the checks and one project;
 * other arguments go to vitest as well.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, fail, requireNode, ROOT, say } from './lib/checkout.mjs';
import { roomForJobs, runJobs } from './lib/jobs.mjs';

/**
 * @typedef {import('./lib/jobs.mjs').Job} Job
 * @typedef {import('../tests/support/summary.js').Failure} Failure
 * @typedef {import('../tests/support/summary.js').Summary} Summary
 */

const VITEST = 'node_modules/vitest/vitest.mjs';
const SET_UP = { name: 'set-up', command: ['scripts/setup.mjs'] };
/**
 * Which projects of vitest.config.ts make one job, and come one after the other; the longest first. A project that has
 * no place here is refused: nobody would see that its tests are not run.
 * @type {readonly { name: string, projects: readonly string[], after?: string }[]}
 */
const TESTS = [
  // They share a daemon, and may stop it.
  { name: 'docker', projects: ['docker', 'contract', 'airflow'], after: SET_UP.name },
  { name: 'tracking', projects: ['tracking'], after: SET_UP.name },
  { name: 'provision', projects: ['provision'], after: SET_UP.name },
  { name: 'cli', projects: ['cli'], after: SET_UP.name },
  { name: 'engine', projects: ['engine'], after: SET_UP.name },
  { name: 'deploy', projects: ['deploy'] },
  { name: 'browser', projects: ['browser'], after: SET_UP.name },
  { name: 'unit', projects: ['unit'] },
];
/** Lines of a failure that are told again. */
const LONGEST_FAILURE = 40;
const COLOR = process.stdout.isTTY ? ['--color'] : [];
/** @type {readonly Job[]} */
const CHECKS = [
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'lint', command: ['node_modules/eslint/bin/eslint.js', ...COLOR, '.'] },
  {
    name: 'formatting',
    command: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  },
];

/** What there is to say of a run that does not come to its end. */
let counted = { passed: 0, failed: 1 };
process.on('exit', () => {
  process.stdout.write(`${counted.passed} passed, ${counted.failed} failed\n`);
});

requireNode();
ensureInstalled();
const args = process.argv.slice(2);
const projects = projectsOf(args);
ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), 'runner-test-results-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const tests = TESTS.flatMap((test) => {
  const chosen = test.projects.filter((project) => projects.has(project));
  return chosen.length > 0 ? [testJob(test.name, chosen, test.after)] : [];
});
const needsSetUp = tests.some(({ after }) => after === SET_UP.name);
/** @type {{ passed: number, failed: Failure[], skipped: Map<string, number> }} */
const total = { passed: 0, failed: [], skipped: new Map() };
await runJobs([...(needsSetUp ? [SET_UP] : []), ...tests, ...CHECKS], {
  atOnce: roomForJobs(),
  onBegin: ({ name }) => say(`${name}: begins`),
  onEnd: (ended) => {
    const { passed, failed, skipped } = summaryOf(ended);
    say(`${ended.job.name}: ${passed} passed, ${failed.length} failed in ${Math.round(ended.seconds)} s`);
    total.passed += passed;
    total.failed.push(...failed);
    for (const [why, count] of Object.entries(skipped))
      total.skipped.set(why, (total.skipped.get(why) ?? 0) + count);
  },
});
for (const [why, count] of total.skipped) say(`${count} skipped: ${why}`);
// Told again at the end: what a test has printed itself is thousands of lines above.
for (const { name, why } of total.failed) say(`Failed: ${name}\n${indented(why)}`);
counted = { passed: total.passed, failed: total.failed.length };
process.exitCode = counted.failed === 0 ? 0 : 1;

/**
 * Names of the projects that have tests for these arguments. Wrong ones end this process: better now than after the
 * set-up.
 */
function projectsOf(/** @type {readonly string[]} */ given) {
  // Right after --json a path would be that of a file to write to.
  const listing = [VITEST, 'list', '--json', '--filesOnly', ...given];
  const { status, stdout, stderr } = spawnSync(process.execPath, listing, { cwd: ROOT, encoding: 'utf8' });
  /** @type {readonly { projectName: string }[]} */
  const files = status === 0 && stdout.trim() !== '' ? JSON.parse(stdout) : [];
  const found = new Set(files.map(({ projectName }) => projectName));
  const homeless = [...found].filter((name) => !TESTS.some((test) => test.projects.includes(name)));
  if (homeless.length > 0) fail(`no job of npm test has the project ${homeless.join(' and ')}`);
  if (found.size > 0) return found;
  const [, why = 'no test file matches'] = /Error: (.*)/.exec(stderr) ?? [];
  return fail(`npm test -- ${given.join(' ')}: ${why}`, 2);
}

function indented(/** @type {string} */ text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(0, LONGEST_FAILURE)
    .map((line) => `    ${line}`)
    .join('\n');
}

/** @returns {Job} */
function testJob(
  /** @type {string} */ name,
  /** @type {readonly string[]} */ chosen,
  /** @type {string | undefined} */ after,
) {
  const reporters = ['default', './tests/support/summary.ts'].map((reporter) => `--reporter=${reporter}`);
  // The projects that were asked for are among those named here.
  const rest = args.filter((arg, at) => !/^--project(=|$)/.test(arg) && args[at - 1] !== '--project');
  return {
    name,
    command: [
      VITEST,
      'run',
      ...reporters,
      ...COLOR,
      ...chosen.map((project) => `--project=${project}`),
      ...rest,
    ],
    env: { RUNNER_TEST_SUMMARY: join(folder, `${name}.json`) },
    ...(after === undefined ? {} : { after }),
  };
}

/**
 * What a job has come to; a check is one that has passed or failed.
 * @returns {Summary}
 */
function summaryOf(/** @type {import('./lib/jobs.mjs').Ended} */ { job, begun, status }) {
  /** @returns {Summary} */
  const failure = (/** @type {string} */ why) => ({
    passed: 0,
    failed: [{ name: job.name, why }],
    skipped: {},
  });
  if (!begun) return failure(`not begun, as ${job.after} has failed`);
  const above = failure('see its lines above');
  if (job.env?.RUNNER_TEST_SUMMARY === undefined)
    return status === 0 ? { passed: CHECKS.includes(job) ? 1 : 0, failed: [], skipped: {} } : above;
  if (!existsSync(job.env.RUNNER_TEST_SUMMARY)) return above;
  /** @type {Summary} */
  const summary = JSON.parse(readFileSync(job.env.RUNNER_TEST_SUMMARY, 'utf8'));
  return status === 0 || summary.failed.length > 0 ? summary : { ...summary, failed: above.failed };
}
