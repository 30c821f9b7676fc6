/** How many runs must go on at once for a day's runs to begin in time: simulated. */
import { seededRandom } from '../lib/statistics.mjs';
import { arrivalsOf, durationsOf, fewestSlots, PROFILES, quantile } from '../lib/queue-simulation.mjs';

/** Assumed: nobody has measured how the runs of somebody else's day differ. */
const VARIATION = 0.5;

/**
 * @param {{ runs: number, waitSeconds: number, runSeconds: number, seed: number }} context
 * @returns {{ variation: number, runSeconds: number, profiles: Record<string, Simulated> }}
 * @typedef {{ slots: number, used: number, waitSeconds: { half: number, most: number, longest: number },
 *   doneHours: number }} Simulated `used`: share of the slots' time until the last run has ended; `most`: of 95 of 100
 */
export function measureQueue({ runs, waitSeconds, runSeconds, seed }) {
  const simulate = (weights) => {
    const random = seededRandom(seed);
    const arrivals = arrivalsOf(weights, runs, random);
    const durations = durationsOf({ mean: runSeconds, variation: VARIATION }, runs, random);
    const { slots, waits, endedAt } = fewestSlots(arrivals, durations, { waitSeconds });
    const work = durations.reduce((sum, seconds) => sum + seconds, 0);
    return {
      slots,
      used: work / (slots * endedAt),
      waitSeconds: {
        half: quantile(waits, 0.5),
        most: quantile(waits, 0.95),
        longest: waits.reduce((most, wait) => Math.max(most, wait), 0),
      },
      doneHours: endedAt / 3600,
    };
  };
  const profiles = Object.entries(PROFILES).map(([name, weights]) => [name, simulate(weights)]);
  return { variation: VARIATION, runSeconds, profiles: Object.fromEntries(profiles) };
}
