/** The tables of `npm run bench:report`, and whether its targets are met. */
import { SAME_ROUNDS, SLOWED_ROUNDS, SLOWED_SHARE } from '../measures/honesty.mjs';
import { markdownOf, textOf, verdictRows } from './report.mjs';

export const renderHonestyText = (report) => textOf(tables(report), report);
export const renderHonestyMarkdown = (report) => markdownOf(tables(report), report);

const MOST_MISTAKEN = 8;
const LEAST_FOUND = 90;
const MOST_OFF = 5;

export function judgeHonesty({ same, slowed, lengths }) {
  const verdicts = [];
  const add = (what, value, target, met) => verdicts.push({ what, value, unit: ' %', target, met });
  if (same?.comparisons > 0) {
    const [told, of] = sums(same.figures);
    const value = (100 * told) / of;
    add(
      `"more than noise" of a mode against itself, ${same.comparisons} comparisons of ${SAME_ROUNDS} rounds, ${of} figures`,
      value,
      `at most ${MOST_MISTAKEN} %`,
      value <= MOST_MISTAKEN,
    );
  }
  if (slowed?.comparisons > 0) {
    const value = (100 * slowed.found) / slowed.comparisons;
    add(
      `a side that trains ${100 * SLOWED_SHARE} % slower found in the throughput, ${slowed.comparisons} comparisons of ${SLOWED_ROUNDS} rounds`,
      value,
      `at least ${LEAST_FOUND} %`,
      value >= LEAST_FOUND,
    );
  }
  if (lengths?.predictedSeconds !== undefined) {
    const value = 100 * Math.abs(lengths.predictedSeconds / lengths.measuredSeconds - 1);
    add(
      `a run of ${lengths.epochs} epochs foretold by shorter ones, off by`,
      value,
      `at most ${MOST_OFF} %`,
      value <= MOST_OFF,
    );
  }
  return verdicts;
}

function tables({ verdicts, same, slowed, lengths }) {
  const result = [{ title: 'Against the targets', rows: verdictRows(verdicts) }];
  if (same) result.push({ title: 'Called more than noise, of a mode against itself', rows: sameRows(same) });
  if (slowed)
    result.push({ title: `Throughput with a side ${100 * SLOWED_SHARE} % slower`, rows: slowedRows(slowed) });
  if (lengths?.scaling) result.push({ title: 'Fixed and growing cost', rows: lengthRows(lengths) });
  return result;
}

const sameRows = ({ figures }) => [
  ['figure', 'called more than noise', 'of comparisons'],
  ...Object.entries(figures).map(([name, { told, of }]) => [`\`${name}\``, String(told), String(of)]),
];

const slowedRows = ({ comparisons, found, ratios }) => [
  ['comparisons', 'found', 'ratio of the medians, lowest – highest'],
  [
    String(comparisons),
    String(found),
    ratios.length === 0 ? '' : `${Math.min(...ratios).toFixed(3)} – ${Math.max(...ratios).toFixed(3)}`,
  ],
];

const lengthRows = ({ runs, scaling, epochs, predictedSeconds, measuredSeconds }) => [
  ['runs', 'fixed, s', 'an epoch, s', `${epochs} epochs foretold, s`, `${epochs} epochs took, s (median)`],
  [
    String(runs.length),
    scaling.fixedSeconds.toFixed(2),
    scaling.secondsPerEpoch.toFixed(2),
    predictedSeconds.toFixed(2),
    measuredSeconds.toFixed(2),
  ],
];

const sums = (figures) =>
  Object.values(figures).reduce(([told, of], one) => [told + one.told, of + one.of], [0, 0]);
