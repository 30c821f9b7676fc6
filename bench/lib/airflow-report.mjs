/** The tables of `npm run bench:airflow`. */
import { markdownOf, number, textOf, verdictRows } from './report.mjs';
import { median, spread } from './statistics.mjs';

export const renderAirflowText = (report) => textOf(tables(report), report);
export const renderAirflowMarkdown = (report) => markdownOf(tables(report), report);

const tables = ({ verdicts, runs: { results } }) => [
  { title: 'Against the targets', rows: verdictRows(verdicts) },
  { title: 'DAG runs, s', rows: runRows(results) },
  { title: 'Where the rest is spent, s (medians)', rows: taskRows(results) },
];

const seconds = (ms) => number(ms / 1000, ' s');

function runRows(results) {
  const cell = (runs, key) => {
    const { median: value, min, max } = spread(runs.map((run) => run[key]));
    return `${seconds(value)} (${seconds(min)} – ${seconds(max)})`;
  };
  return [
    ['', 'DAG run', 'its trainers', 'the rest'],
    ...Object.entries(results).map(([name, runs]) => [
      name,
      ...['runMs', 'trainersMs', 'overheadMs'].map((key) => cell(runs, key)),
    ]),
  ];
}

function taskRows(results) {
  return [
    ['', 'training', 'evaluation', 'recording', 'between the tasks'],
    ...Object.entries(results).map(([name, runs]) => [
      name,
      ...[0, 1, 2].map((role) => middle(runs.map(({ besideMs }) => besideMs[role]))),
      middle(runs.map(({ betweenMs }) => betweenMs)),
    ]),
  ];
}

/** Of a task that a DAG does not have there are no times. */
const middle = (times) => (times.includes(null) ? '–' : seconds(median(times)));
