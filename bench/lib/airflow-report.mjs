/** The tables of `npm run bench:airflow`. */
import { markdownOf, number, textOf, verdictRows } from './report.mjs';
import { median, spread } from './statistics.mjs';

export const renderAirflowText = (report) => textOf(tables(report), report);
export const renderAirflowMarkdown = (report) => markdownOf(tables(report), report);

const tables = ({ verdicts, runs: { results } }) => [
  { title: 'Against the targets', rows: verdictRows(verdicts) },
  { title: 'DAG runs, s', rows: runRows(results) },
  ...Object.entries(results).map(([name, runs]) => ({
    title: `Where a DAG run of ${name} spends it, s (medians)`,
    rows: taskRows(runs),
  })),
];

const seconds = (ms) => number(ms / 1000, ' s');

const COLUMNS = ['runMs', 'containerMs', 'overheadMs', 'withoutEvaluationMs', 'trainOverheadMs'];

function runRows(results) {
  const cell = (runs, key) => {
    const { median: value, min, max } = spread(runs.map((run) => run[key]));
    return `${seconds(value)} (${seconds(min)} – ${seconds(max)})`;
  };
  return [
    ['', 'DAG run', 'its container', 'the rest', 'of which without evaluation', 'of which training’s task'],
    ...Object.entries(results).map(([name, runs]) => [name, ...COLUMNS.map((key) => cell(runs, key))]),
  ];
}

function taskRows(runs) {
  const names = Object.keys(runs[0].taskMs);
  const inTasks = (run) => names.reduce((sum, name) => sum + run.taskMs[name], 0);
  return [
    ['task', 'median'],
    ...names.map((name) => [name, seconds(median(runs.map(({ taskMs }) => taskMs[name])))]),
    ['between the tasks', seconds(median(runs.map((run) => run.runMs - inTasks(run))))],
  ];
}
