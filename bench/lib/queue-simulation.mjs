/**
 * Runs that arrive over a day at so many slots and wait their turn, first come, first served: a discrete-event
 * simulation of a pool (an Airflow pool, the concurrency of its workers, a quota of a namespace).
 */

/**
 * How the runs of a day arrive: the share of each hour. `even`: any time; `office`: most of them between 9 and 18 h;
 * `burst`: all within the first hour, as a sweep or a backfill has it.
 */
export const PROFILES = {
  even: Array.from({ length: 24 }, () => 1),
  office: Array.from({ length: 24 }, (_, hour) => (hour >= 9 && hour < 18 ? 6 : 1)),
  burst: Array.from({ length: 24 }, (_, hour) => (hour === 0 ? 1 : 0)),
};

const HOUR_SECONDS = 3600;

/**
 * Times at which `count` runs arrive, by a profile: a Poisson process of which the number of events is given, whose
 * times are then independent draws (S. M. Ross, Introduction to Probability Models, section 5.3).
 * @param {readonly number[]} weights of the 24 hours
 * @param {number} count
 * @param {() => number} random
 * @returns {number[]} seconds from midnight, ascending
 */
export function arrivalsOf(weights, count, random) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const draw = () => {
    let left = random() * total;
    const hour = weights.findIndex((weight) => (left -= weight) < 0);
    return (hour + random()) * HOUR_SECONDS;
  };
  return Array.from({ length: count }, draw).sort((a, b) => a - b);
}

/**
 * How long runs take: log-normal about a mean, since most runs are much alike and a few take far longer.
 * @param {{ mean: number, variation: number }} distribution seconds; standard deviation as a share of the mean
 * @param {number} count
 * @param {() => number} random
 * @returns {number[]} seconds
 */
export function durationsOf({ mean, variation }, count, random) {
  const variance = Math.log(1 + variation ** 2);
  const centre = Math.log(mean) - variance / 2;
  // Box and Muller, 1958; 1 - random() is never 0.
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, () => Math.exp(centre + Math.sqrt(variance) * normal()));
}

/**
 * @param {readonly number[]} arrivals ascending
 * @param {readonly number[]} durations of the same runs
 * @param {number} slots runs at once
 * @returns {{ waits: number[], endedAt: number }} how long each waits; when the last has ended
 */
export function simulateQueue(arrivals, durations, slots) {
  /** When each slot is free again. */
  const freeAt = Array.from({ length: slots }, () => 0);
  let endedAt = 0;
  const waits = arrivals.map((arrival, index) => {
    const free = Math.min(...freeAt);
    const start = Math.max(arrival, free);
    const end = start + (durations[index] ?? 0);
    freeAt[freeAt.indexOf(free)] = end;
    endedAt = Math.max(endedAt, end);
    return start - arrival;
  });
  return { waits, endedAt };
}

/**
 * The value below which such a share of the values lies.
 * @param {readonly number[]} values
 * @param {number} share from 0 to 1
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/**
 * The fewest slots with which 95 of 100 runs begin within the time that is given.
 * @param {readonly number[]} arrivals
 * @param {readonly number[]} durations
 * @param {{ waitSeconds: number }} wanted
 * @returns {{ slots: number, waits: number[], endedAt: number }}
 */
export function fewestSlots(arrivals, durations, { waitSeconds }) {
  const holds = (/** @type {number} */ slots) =>
    quantile(simulateQueue(arrivals, durations, slots).waits, 0.95) <= waitSeconds;
  let most = 1;
  while (!holds(most)) most *= 2;
  let least = most >> 1;
  // More slots never make anybody wait longer, so halving finds it.
  while (most - least > 1) {
    const middle = (least + most) >> 1;
    if (holds(middle)) most = middle;
    else least = middle;
  }
  return { slots: most, ...simulateQueue(arrivals, durations, most) };
}
