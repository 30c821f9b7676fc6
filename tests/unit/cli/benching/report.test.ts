import { describe, expect, it } from 'vitest';
import { isWarmUpKey, keyOf } from '../../../../src/cli/benching/key.js';
import type { EndedRun } from '../../../../src/cli/benching/log.js';
import type { BenchPlan } from '../../../../src/cli/benching/plan.js';
import { benchNotes } from '../../../../src/cli/benching/report.js';
import { parseSides } from '../../../../src/cli/benching/sides.js';
import { BenchState } from '../../../../src/cli/benching/state.js';
import { createReport } from '../../../../src/report/compare/report.js';
import { comparedRun } from '../../report/compare/runs.js';

const plan = (modes: string, rounds: number, parts: Partial<BenchPlan> = {}): BenchPlan => {
  const sides = parseSides(modes);
  return {
    ...{
      schemaVersion: 1,
      benchId: '20260301-140509-7h2k9p',
      createdAt: 0,
      host: 'here',
      runnerVersion: '1',
    },
    ...{ sides, orderSeed: 7, figure: 'imagesPerSecond', precision: null, evaluate: false, flags: {} },
    ...{ rounds: Array.from({ length: rounds }, () => sides.map(({ name }) => name)), settings: {} },
    ...parts,
  };
};
const MACHINE = {
  ...{ at: 0, loadAverages: null, runningProcesses: null, processors: null, frequenciesMHz: null },
  ...{ governors: null, thermalThrottles: null, cgroup: null, cpuPressureSeconds: null, availableBytes: 1 },
  ...{ daemonCpuSeconds: null, benchCpuSeconds: 0 },
};
const ended = (round: number, side: string, parts: Partial<EndedRun> = {}): EndedRun => ({
  ...{ type: 'run-ended', at: 0, round, side, attempt: 1, runId: `${round}-${side}`, verdict: 'measured' },
  ...{ status: 'succeeded', message: null, resumed: false, warm: false, elapsedMs: 1, figure: 100 },
  ...{ machine: MACHINE, use: null },
  ...parts,
});

describe('the notes of a bench', () => {
  it('say how it was done', () => {
    const bench = plan('inprocess,process', 2);
    const state = new BenchState(
      bench,
      [1, 2].flatMap((round) => [ended(round, 'inprocess'), ended(round, 'process')]),
    );
    expect(benchNotes(bench, state)).toEqual([
      'Bench 20260301-140509-7h2k9p: 2 rounds, each mode once a round in an order drawn from seed 7; a warm-up of each before them is left out.',
    ]);
  });

  it('say what did not go as it should', () => {
    const bench = plan('docker,docker-warm', 3, { precision: 0.02 });
    const state = new BenchState(bench, [
      ended(1, 'docker', { resumed: true }),
      ended(1, 'docker-warm', { warm: true }),
      ended(2, 'docker', { verdict: 'set-aside' }),
      ended(2, 'docker', { attempt: 2, warm: true }),
      ended(2, 'docker-warm'),
      ended(3, 'docker', { verdict: 'failed', status: 'failed', message: 'It diverged.' }),
      ended(3, 'docker-warm', { warm: true }),
    ]);
    expect(benchNotes(bench, state)).toEqual([
      'Bench 20260301-140509-7h2k9p: 3 rounds, each mode once a round in an order drawn from seed 7; a warm-up of each before them is left out.',
      'docker: 1 run failed (3-docker) and is left out; the last one: It diverged.',
      '1 run of rounds in which another one failed is left out, too.',
      '1 run in flight when the bench was stopped or killed is left out; another took its place.',
      '1 run went on while the bench was dead: what else the machine did meanwhile is not known.',
      '1 run of docker-warm found no trainer waiting, and began cold.',
      '1 run of docker found a trainer of `runner warm` waiting, and took it.',
    ]);
  });
});

it('a bench that was precise enough says that it stopped for that', () => {
  const bench = plan('inprocess,process', 3, { precision: 0.02 });
  const state = new BenchState(bench, [ended(1, 'inprocess'), ended(1, 'process')]);
  expect(benchNotes(bench, state)).toEqual([
    expect.stringMatching(/1 round of 3, /) as string,
    'It stopped as the intervals of throughput were narrower than ±2.0 %, whatever they showed. Intervals of benches that stop so hold the truth in about 9 of 10 cases, not in 19 of 20.',
  ]);
});

it('runs whose sides fail in different rounds are no pairs: only whole rounds are compared', () => {
  const failed = { verdict: 'failed' } as const;
  const state = new BenchState(plan('inprocess,process', 3), [
    ...[ended(1, 'inprocess', failed), ended(1, 'process')],
    ...[ended(2, 'inprocess'), ended(2, 'process')],
    ...[ended(3, 'inprocess'), ended(3, 'process', failed)],
  ]);
  expect(state.wholeRounds().map((runs) => runs.map(({ runId }) => runId))).toEqual([
    ['2-inprocess', '2-process'],
  ]);
});

it.each([
  [0, 1, '20260301-140509-7h2k9p/warm-up/docker', true],
  [0, 2, '20260301-140509-7h2k9p/warm-up/docker/2', true],
  [3, 1, '20260301-140509-7h2k9p/3/docker', false],
])('round %i, attempt %i has the key %s; of a warm-up: %s', (round, attempt, key, isWarmUp) => {
  expect(keyOf('20260301-140509-7h2k9p', { round, side: 'docker', attempt })).toBe(key);
  expect(isWarmUpKey(key)).toBe(isWarmUp);
  expect(isWarmUpKey('mine/warm-up/docker')).toBe(false);
});

it('a report whose sides are named has each run where it was run for', () => {
  const runs = [0, 1, 2, 3].map((index) => comparedRun('inprocess', index));
  const sides = [
    { name: 'a', runIds: [runs[3]!.runId, runs[0]!.runId] },
    { name: 'b', runIds: [runs[1]!.runId, runs[2]!.runId] },
  ];
  const report = createReport(runs, { force: false, sides });
  expect(report.sides.map((side) => [side.name, side.runs.map(({ runId }) => runId)])).toEqual([
    // By their start.
    ['a', [runs[0]!.runId, runs[3]!.runId]],
    ['b', [runs[1]!.runId, runs[2]!.runId]],
  ]);
  expect(report.contrasts.map(({ side, against }) => [side, against])).toEqual([['b', 'a']]);
});
