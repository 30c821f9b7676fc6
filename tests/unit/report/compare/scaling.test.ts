import { describe, expect, it } from 'vitest';
import { createScalingReport, renderScaling } from '../../../../src/report/compare/scaling-report.js';
import { foretellLongest, scalingOf, secondsOf } from '../../../../src/report/compare/scaling.js';
import { SPEC } from '../../orchestrator/specs.js';
import { comparedRun } from './runs.js';

const run = (mode: 'inprocess' | 'docker', index: number, epochs: number, ms: number, seed = 42) =>
  comparedRun(mode, index, {
    wallMs: ms,
    phases: { provision: 5, trainerStartup: 50, train: 100 },
    spec: { seed, hyperparameters: { ...SPEC.hyperparameters, epochs } },
    training: { epochsCompleted: epochs },
  });

describe('fixed and growing cost', () => {
  it('is the line that exact runs lie on', () => {
    const runs = [1, 2, 4].map((epochs) => ({ epochs, seconds: 1.5 + 2 * epochs }));
    expect(scalingOf(runs)).toEqual({ fixedSeconds: 1.5, secondsPerEpoch: 2 });
    expect(secondsOf(scalingOf(runs)!, 8)).toBe(17.5);
  });

  it('is not pulled by one run that was disturbed', () => {
    const runs = [1, 1, 2, 2, 4, 4].map((epochs) => ({ epochs, seconds: 1.5 + 2 * epochs }));
    const disturbed = runs.with(4, { epochs: 4, seconds: 30 });
    expect(scalingOf(disturbed)).toEqual({ fixedSeconds: 1.5, secondsPerEpoch: 2 });
  });

  it('is not known of runs of one length', () => {
    expect(scalingOf([{ epochs: 2, seconds: 4 }])).toBeNull();
    expect(foretellLongest([1, 2].map((epochs) => ({ epochs, seconds: epochs })))).toBeNull();
  });
});

describe('the report of it', () => {
  const runs = [
    ...[run('docker', 0, 1, 4005), run('inprocess', 1, 1, 3005), run('inprocess', 2, 2, 5005)],
    ...[run('docker', 3, 2, 6005), run('docker', 4, 4, 10_405), run('inprocess', 5, 4, 9005)],
  ];

  it('tells for each side what a run costs and what an epoch adds, without set-up', () => {
    expect(renderScaling(createScalingReport(runs))).toBe(
      `inprocess: 1.00 s a run, and 2.00 s for each epoch. docker: 1.87 s a run, and
2.13 s for each epoch.

FIXED AND GROWING COST  inprocess   docker
runs                            3        3
epochs                    1, 2, 4  1, 2, 4
a run, s                     1.00     1.87
an epoch, s                  2.00     2.13
longest as foretold, s       9.00    10.00
longest as it took, s        9.00    10.40

The whole run without set-up, as a line through runs that differ in their epochs
only. The longest are foretold by the shorter ones: what that is off by is what
the line is worth.`,
    );
  });

  it.each([
    [
      [run('docker', 0, 1, 4000), run('docker', 1, 2, 6000)],
      'Fixed and growing cost of docker cannot be told apart by runs of 1 and 2 epochs: 3 lengths are needed.',
    ],
    [
      [run('docker', 0, 1, 4000), run('docker', 1, 2, 6000, 7)],
      'These runs differ in more than their epochs: seed 42 (20260301-140500-aaaaaa), 7 (20260301-140501-aaaaaa).',
    ],
    [
      [comparedRun('docker', 0, { outcome: { status: 'failed' } })],
      'Run 20260301-140500-aaaaaa has not succeeded: failed.',
    ],
  ])('is refused where there is none', (few, message) => {
    expect(() => createScalingReport(few)).toThrow(message);
  });
});
