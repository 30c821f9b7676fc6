/**
 * 60,000 metric points of a run: `runner` reads them from events.ndjson, the Python client has them in memory and sends
 * them a thousand (`log_batch`) or one (`log_metric`, on a sample) a call; a bare loop has the requests themselves.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runRounds } from '../lib/rounds.mjs';
import { bareLoop, trackingContestants } from '../lib/tracking-contestants.mjs';

const EVENTS = 15_000;

/** @returns as `runRounds`: points a second */
export async function measurePoints(context) {
  const events = join(context.scratch, 'events.ndjson');
  writeFileSync(events, Array.from({ length: EVENTS }, event).join(''));
  const options = { ...context, describe: ({ rate }) => `${Math.round(rate)} points/s` };
  const [runner, batches] = trackingContestants(context, 'points', events).map(withRate);
  const [, singly] = trackingContestants(context, 'points', events, { peer: 'single-points' }).map(withRate);
  const bare = withRate(bareLoop(context, events));
  return runRounds([runner, batches, { ...singly, name: 'log_metric' }, bare], options);
}

const withRate = ({ run, ...contestant }) => ({
  ...contestant,
  run: async () => {
    const { count, seconds } = await run();
    return { rate: count / seconds };
  },
});

const event = (_, index) =>
  `${JSON.stringify({
    ...{ seq: index, t: 1_795_000_000_000 + 500 * index, type: 'metric', step: index + 1 },
    values: {
      loss: 2.3 / (index + 1),
      accuracy: 1 - 1 / (index + 2),
      learningRate: 0.001,
      imagesPerSecond: 10_000 + (index % 997) / 7,
    },
  })}\n`;
