/** What the logging task promises, and whether it holds. */
import { ratios } from './rounds.mjs';
import { spread } from './statistics.mjs';
import { atLeast, atMost } from './targets.mjs';

const MB = 1e6;
const MOST_MEMORY_MB = 120;

/** @returns rows as `judge` of targets.mjs */
export function judgeTracking({ points, big, small, live }) {
  return [
    ...(points ? ofPoints(points.results) : []),
    ...(big ? ofBig(big) : []),
    ...(small ? ofSmall(small) : []),
    ...(live ? ofLive(live) : []),
  ];
}

const rates = (results, name) => results[name].map(({ rate }) => rate);

const ofPoints = (results) =>
  [
    ['60,000 metric points against `log_batch` of the Python client', 'Python client', 1.1],
    ['metric points against `log_metric` of the Python client', 'log_metric', 60],
  ].map(([what, peer, least]) =>
    atLeast(what, ratios(rates(results, 'runner'), rates(results, peer)), least),
  );

function ofBig({ proxy, bucket }) {
  const ofOne = ({ results }, where, peer) => {
    const memory = spread(results.runner.map(({ extraBytes }) => extraBytes / MB));
    return [
      atLeast(
        `500 MB ${where} against ${PEERS[peer]}`,
        ratios(rates(results, 'runner'), rates(results, peer)),
        1,
      ),
      // The worst run counts: memory that is needed once must be there.
      atMost(
        `memory above idle, ${where}, the highest of all runs`,
        { ...memory, median: memory.max },
        MOST_MEMORY_MB,
        {
          unit: ' MB',
        },
      ),
    ];
  };
  return [...ofOne(proxy, 'through the proxy', 'Python client'), ...ofOne(bucket, 'to SeaweedFS', 'boto3')];
}

const PEERS = { 'Python client': 'the Python client', boto3: 'boto3' };

const ofSmall = ({ proxy, bucket }) => [
  atLeast(
    '1,000 small artifacts through the proxy against the Python client',
    ratios(rates(proxy.results, 'runner'), rates(proxy.results, 'Python client')),
    1.2,
  ),
  atLeast(
    '1,000 small artifacts to SeaweedFS against boto3, one by one',
    ratios(rates(bucket.results, 'runner'), rates(bucket.results, 'boto3')),
    3,
  ),
];

/** The ends are those of the 95 % interval: single pairs differ by more than what is looked for. */
function ofLive({ speed }) {
  const cost = { median: 1 - speed.median, min: 1 - speed.high, max: 1 - speed.low };
  const percent = Object.fromEntries(Object.entries(cost).map(([name, share]) => [name, 100 * share]));
  return [atMost('cost of --live, in images/s (95 % interval)', percent, 1, { unit: ' %' })];
}
