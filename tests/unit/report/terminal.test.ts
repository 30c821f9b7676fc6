/** What the end of a run tells of what it used. */
import { expect, it } from 'vitest';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import { renderRunSummary } from '../../../src/report/terminal.js';
import { comparedRun } from './compare/runs.js';

function usageOf(mode: 'inprocess' | 'docker', outcome: Partial<RunOutcome>): string[] {
  const run = comparedRun(mode, 0, { outcome });
  const summary = renderRunSummary({ ...run, runDir: '/r', pictures: [] }, { colour: false });
  return summary.split('\n').filter((line) => /^ {2}(time|memory|processor) /.test(line));
}

const RESOURCES = { wallMs: 90_000, cpuSeconds: 4.25, peakRssBytes: 120e6 };
const TRAINER = { cpuSeconds: 40, peakMemoryBytes: 612e6 };
const phases = {};

it('a run in this process has its own memory and processor time', () => {
  expect(usageOf('inprocess', { phases, resources: RESOURCES })).toEqual([
    '  time        1 min 30 s',
    '  memory      120 MB at most',
    '  processor   4.3 s',
  ]);
});

it('a trainer of its own comes first', () => {
  expect(usageOf('docker', { phases, resources: RESOURCES, trainer: TRAINER })).toEqual([
    '  time        1 min 30 s',
    '  memory      612 MB at most (and 120 MB of runner itself)',
    '  processor   40.0 s (and 4.3 s of runner itself)',
  ]);
});

it('of a run that another process has finished its trainer alone is told', () => {
  const resources = { wallMs: 90_000 };
  expect(usageOf('docker', { phases, resources, trainer: TRAINER })).toEqual([
    '  time        1 min 30 s',
    '  memory      612 MB at most',
    '  processor   40.0 s',
  ]);
});

it('a lost run has its time, and nothing of the process that found it', () => {
  expect(usageOf('inprocess', { phases, status: 'lost', resources: { wallMs: 90_000 } })).toEqual([
    '  time        1 min 30 s',
  ]);
});
