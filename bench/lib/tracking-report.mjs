/** The tables of `npm run bench:tracking`. */
import { markdownOf, textOf, verdictRows } from './report.mjs';
import { spread } from './statistics.mjs';

export const renderTrackingText = (report) => textOf(tables(report), report);
export const renderTrackingMarkdown = (report) => markdownOf(tables(report), report);

function tables({ verdicts, points, big, small, live }) {
  const result = [{ title: 'Against the targets', rows: verdictRows(verdicts) }];
  if (points) result.push({ title: 'Metric points a second', rows: rows(points.results, 'rate') });
  for (const [measure, title] of [
    [big, '500 MB, MB/s'],
    [small, '1,000 files of 4 KB, files/s'],
  ]) {
    if (!measure) continue;
    result.push({ title: `${title}, through the proxy`, rows: rows(measure.proxy.results, 'rate') });
    result.push({ title: `${title}, to SeaweedFS`, rows: rows(measure.bucket.results, 'rate') });
  }
  if (live) {
    result.push({
      title: 'Training on one processor, images/s',
      rows: rows(live.results, 'imagesPerSecond'),
    });
    result.push({ title: 'Processor time of a training, s', rows: rows(live.results, 'cpuSeconds', 1) });
  }
  return result;
}

const shown = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

const rows = (results, key, digits = 0) => [
  ['', 'median', 'lowest – highest'],
  ...Object.entries(results).map(([name, runs]) => {
    const { median, min, max } = spread(runs.map((run) => run[key]));
    return [name, shown(median, digits), `${shown(min, digits)} – ${shown(max, digits)}`];
  }),
];
