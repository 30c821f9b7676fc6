import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../../src/contract/errors.js';
import { readCheck } from '../../../../src/report/compare/expression/check.js';
import { createReport } from '../../../../src/report/compare/report.js';
import { comparedRun, rounds } from './runs.js';

const REPORT = createReport(
  [
    comparedRun('inprocess', 0, { imagesPerSecond: 8000 }),
    comparedRun('docker', 1, { imagesPerSecond: 7600 }),
  ],
  { force: false },
);

const holds = (expression: string): boolean => readCheck(expression)(REPORT).holds;

function told(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof RunnerError && error.code === 'usage') return `${error.message}\n${error.hint}`;
  }
  throw new Error('it was taken');
}

it.each([
  ['docker.imagesPerSecond < 0.96 * inprocess.imagesPerSecond', true],
  ['docker.imagesPerSecond < 0.95 * inprocess.imagesPerSecond', false],
  ['docker.imagesPerSecond.ratio == 0.95', true],
  ['inprocess.imagesPerSecond.ratio == 1', true],
  ['docker.phaseSeconds.create == 0.02', true],
  ['docker.imageBytes >= 759e6 and docker.imageBytes <= 7.59E+8', true],
  ['sameWeights', true],
  ['not sameWeights', false],
  ['not not sameWeights', true],
  ['1 + 2 * 3 == 7', true],
  ['(1 + 2) * 3 == 9', true],
  ['8 / 4 / 2 == 1', true],
  ['5 - 2 - 1 == 2', true],
  ['2 - -1 == 3', true],
  ['-(1 + 1) == -2', true],
  ['.5 < 1.', true],
  ['1 != 1', false],
  ['2 > 1 and 2 > 3', false],
  // "and" before "or", as everywhere.
  ['1 < 2 or 1 > 2 and 1 > 2', true],
  ['(1 < 2 or 1 > 2) and 1 > 2', false],
  ['not 1 > 2 and 1 < 2', true],
  ['docker.wallSeconds-inprocess.wallSeconds>1', true],
])('%s is %s', (expression, value) => {
  expect(holds(expression)).toBe(value);
});

it('knows intervals where there are repeats, and warm containers by their name', () => {
  const repeated = createReport(
    rounds(['inprocess', 'docker'], { inprocess: [10, 11, 12], docker: [10, 11, 12] }),
    { force: false },
  );
  const check = readCheck('docker.imagesPerSecond.ratioLow > 1 or docker.imagesPerSecond.ratioHigh < 1');
  expect(check(repeated)).toEqual({
    expression: 'docker.imagesPerSecond.ratioLow > 1 or docker.imagesPerSecond.ratioHigh < 1',
    holds: false,
    values: { 'docker.imagesPerSecond.ratioLow': 1, 'docker.imagesPerSecond.ratioHigh': 1 },
  });
  expect(() => readCheck('docker-warm.wallSeconds > docker.wallSeconds-1')).not.toThrow();
});

describe('what cannot be read is told with its place', () => {
  it('under which there is a mark', () => {
    expect(told(() => readCheck('docker.wallSeconds <\t> 3'))).toBe(
      `--fail-if, at character 22: expected a number, a name or "(", found ">".
  docker.wallSeconds < > 3
                       ^
Numbers, names such as docker.imagesPerSecond, + - * /, < <= > >= == !=, and, or, not, parentheses: docs/report.md has all names.`,
    );
  });

  it.each([
    ['', 1, 'expected a number, a name or "(", found the end'],
    ['1 <', 4, 'expected a number, a name or "(", found the end'],
    ['(1 < 2', 7, 'expected ")", found the end'],
    ['1 < 2)', 6, 'expected "and", "or" or the end, found ")"'],
    ['1 < 2 < 3', 7, 'expected "and", "or" or the end, found "<"; combine two comparisons with "and"'],
    ['1 2', 3, 'expected "and", "or" or the end, found "2"'],
    ['1 + 2', 1, 'this is a number, where a condition, such as a comparison, is expected'],
    ['sameWeights + 1 > 2', 1, 'this is a condition, where a number is expected'],
    ['1 < sameWeights', 5, 'this is a condition, where a number is expected'],
    ['1 < 2 and 3', 11, 'this is a number, where a condition, such as a comparison, is expected'],
    ['not 3', 5, 'this is a number, where a condition, such as a comparison, is expected'],
    ['1 < 2 && 2 < 3', 7, '"&" is not understood; write "and"'],
    ['!sameWeights', 1, '"!" is not understood; write "not"'],
    ['1 = 1', 3, '"=" is not understood; write "=="'],
    ['process.exit(1)', 1, 'there is no name "process.exit"'],
    ['1 < 2; 3', 6, '";" is not understood'],
    ['1 < 💥', 5, '"💥" is not understood'],
    [
      'docker.imagePerSecond < 1',
      1,
      'there is no name "docker.imagePerSecond"; did you mean docker.imagesPerSecond',
    ],
    ['dcoker.wallSeconds < 1', 1, 'there is no name "dcoker.wallSeconds"; did you mean docker.wallSeconds'],
    ['docker.wallSeconds.ratoi < 1', 1, 'there is no name "docker.wallSeconds.ratoi"; did you mean ratio'],
    ['docker.wallSeconds.ratio.x < 1', 1, 'there is no name "docker.wallSeconds.ratio.x"'],
    ['docker < 1', 1, 'there is no name "docker"'],
    ['docker.constructor < 1', 1, 'there is no name "docker.constructor"'],
    [`${'('.repeat(200)}1`, 101, 'this is nested too deeply'],
  ])('%j', (expression, place, what) => {
    expect(told(() => readCheck(expression))).toContain(`--fail-if, at character ${place}: ${what}.\n`);
  });

  it('with all names where one is unknown', () => {
    const text = told(() => readCheck('x < 1'));
    expect(text).toContain(
      'sides are inprocess, process, docker, docker-warm, kubernetes, or run1, run2, … of one mode',
    );
    expect(text).toContain('figures are imagesPerSecond, wallSeconds, ');
  });
});

describe('what the runs do not have does not pass for fine', () => {
  const NAN = createReport(
    [comparedRun('inprocess', 0, { training: { finalLoss: 'NaN' } }), comparedRun('docker', 1)],
    { force: false },
  );
  it.each([
    [
      'process.wallSeconds > 1',
      REPORT,
      'process.wallSeconds has no value here: the sides compared are inprocess and docker',
    ],
    [
      'inprocess.imageBytes > 1',
      REPORT,
      'inprocess.imageBytes has no value here: the runs have no such figure',
    ],
    [
      'docker.wallSeconds.ratioLow > 1',
      REPORT,
      'docker.wallSeconds.ratioLow has no value here: an interval needs three runs a side',
    ],
    [
      'inprocess.phaseSeconds.create > 1',
      REPORT,
      'inprocess.phaseSeconds.create has no value here: its phases are startup, data',
    ],
    ['inprocess.phaseSeconds.constructor > 1', REPORT, 'has no value here: its phases are'],
    ['inprocess.loss > 1', NAN, 'inprocess.loss has no value here: it is NaN'],
    ['docker.networkSentBytes / docker.networkReceivedBytes > 1', REPORT, 'this divides zero by zero'],
    // Also where the rest decides.
    ['1 < 2 or process.wallSeconds > 1', REPORT, 'process.wallSeconds has no value here'],
  ])('%s', (expression, report, why) => {
    expect(told(() => readCheck(expression)(report))).toContain(why);
  });
});
