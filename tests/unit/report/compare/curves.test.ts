import { expect, it } from 'vitest';
import type { RunEventInput } from '../../../../src/contract/run-event.js';
import { CurveCollector } from '../../../../src/report/compare/curves/run-curves.js';

const collect = (...events: readonly (RunEventInput & { readonly at: number })[]) => {
  const collector = new CurveCollector({ startedAt: 10_000, batchSize: 100 });
  events.forEach(({ at, ...event }, seq) => collector.add({ seq, t: 10_000 + 1000 * at, ...event }));
  return collector.curves;
};

const metric = (at: number, step: number, loss: number | 'NaN' = 0.5) =>
  ({ type: 'metric', at, step, values: { loss, accuracy: 0.9 } }) as const;
const epoch = (at: number, number: number) =>
  ({
    type: 'epoch',
    ...{ at, epoch: number, step: 400 * number, loss: 0.4, accuracy: 0.8, valLoss: 0.3 },
    ...{ valAccuracy: 0.85, learningRate: 0.001, imagesPerSecond: 7000 },
  }) as const;

it('throughput is that of the steps between two metric events, unless an epoch has ended between them', () => {
  const { throughput } = collect(metric(1, 100), metric(3, 200), epoch(4, 1), metric(6, 300), metric(8, 400));
  expect(throughput).toEqual([
    { seconds: 3, value: 5000 },
    { seconds: 8, value: 5000 },
  ]);
});

it('throughput of a run too short for that is the one of its epochs', () => {
  expect(collect(metric(1, 100), epoch(2, 1), epoch(4, 2)).throughput).toEqual([
    { seconds: 2, value: 7000 },
    { seconds: 4, value: 7000 },
  ]);
});

it('a clock that was set back makes no point, and what is no number stays that', () => {
  const { throughput, steps } = collect(metric(5, 100), metric(3, 200, 'NaN'), metric(5, 300));
  expect(throughput).toEqual([{ seconds: 5, value: 5000 }]);
  expect(steps.map(({ step, loss }) => [step, loss])).toEqual([
    [100, 0.5],
    [200, NaN],
    [300, 0.5],
  ]);
});

it('has memory by time, epochs with their validation, and leaves out test figures', () => {
  const curves = collect({ type: 'system', at: 1.5, rssBytes: 5e8, cpuSeconds: 1 }, epoch(4, 1), {
    type: 'metric',
    at: 5,
    step: 400,
    values: { testLoss: 0.1, testAccuracy: 0.99 },
  });
  expect(curves.memory).toEqual([{ seconds: 1.5, value: 5e8 }]);
  expect(curves.epochs).toEqual([{ epoch: 1, loss: 0.4, accuracy: 0.8, valLoss: 0.3, valAccuracy: 0.85 }]);
  expect(curves.steps).toEqual([]);
});
