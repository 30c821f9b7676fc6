import { describe, expect, it } from 'vitest';
import {
  arrivalsOf,
  durationsOf,
  fewestSlots,
  PROFILES,
  quantile,
  simulateQueue,
} from '../../../bench/lib/queue-simulation.mjs';
import { seededRandom } from '../../../bench/lib/statistics.mjs';

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean wait of an M/M/k queue in mean durations (A. K. Erlang, 1917): load in slots that would be busy on average. */
function erlangWait(slots: number, load: number): number {
  let blocking = 1;
  for (let slot = 1; slot <= slots; slot += 1) blocking = (load * blocking) / (slot + load * blocking);
  const waiting = blocking / (1 - (load / slots) * (1 - blocking));
  return waiting / (slots - load);
}

describe('the simulated queue of bench:scale', () => {
  it('serves in the order of arrival, each by the slot that is free first', () => {
    expect(simulateQueue([0, 0, 1, 2, 20], [10, 4, 3, 1, 5], 2)).toEqual({
      waits: [0, 0, 3, 5, 0],
      endedAt: 25,
    });
  });

  it.each([
    [1, 0.7],
    [4, 3],
    [20, 18],
  ])('waits as Erlang has it: %i slots of which %d are busy', (slots, load) => {
    const random = seededRandom(7);
    const runs = 400_000;
    const exponential = (average: number): number => -average * Math.log(1 - random());
    let now = 0;
    const arrivals = Array.from({ length: runs }, () => (now += exponential(1 / load)));
    const durations = Array.from({ length: runs }, () => exponential(1));
    const { waits } = simulateQueue(arrivals, durations, slots);
    expect(mean(waits) / erlangWait(slots, load)).toBeCloseTo(1, 1);
  });

  it('draws durations with the mean and the variation that are asked for', () => {
    const durations = durationsOf({ mean: 80, variation: 0.5 }, 200_000, seededRandom(3));
    const average = mean(durations);
    const deviation = Math.sqrt(mean(durations.map((seconds) => (seconds - average) ** 2)));
    expect(average).toBeCloseTo(80, 0);
    expect(deviation / average).toBeCloseTo(0.5, 1);
  });

  it('draws arrivals in order, each hour by its weight', () => {
    const arrivals = arrivalsOf(PROFILES.office, 100_000, seededRandom(5));
    expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
    const inOffice = arrivals.filter((at) => at >= 9 * 3600 && at < 18 * 3600).length;
    expect(inOffice / arrivals.length).toBeCloseTo((9 * 6) / (9 * 6 + 15), 2);
    expect(arrivalsOf(PROFILES.burst, 50, seededRandom(5)).every((at) => at < 3600)).toBe(true);
  });

  it('finds the fewest slots with which the runs begin in time', () => {
    const random = seededRandom(1);
    const arrivals = arrivalsOf(PROFILES.burst, 2_000, random);
    const durations = durationsOf({ mean: 60, variation: 0.5 }, 2_000, random);
    const { slots, waits } = fewestSlots(arrivals, durations, { waitSeconds: 600 });
    expect(quantile(waits, 0.95)).toBeLessThanOrEqual(600);
    expect(quantile(simulateQueue(arrivals, durations, slots - 1).waits, 0.95)).toBeGreaterThan(600);
  });
});
