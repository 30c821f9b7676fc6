/** The tables of `npm run bench:docker`. */
import { markdownOf, number, textOf, verdictRows } from './report.mjs';
import { median, spread } from './statistics.mjs';

export const renderDockerText = (report) => textOf(tables(report), report);
export const renderDockerMarkdown = (report) => markdownOf(tables(report), report);

function tables({ verdicts, modes, cold, warm }) {
  const result = [{ title: 'Against the targets', rows: verdictRows(verdicts) }];
  if (modes) {
    result.push({ title: 'The same run in every mode (medians)', rows: modeRows(modes.results) });
    result.push({ title: 'Where a run spends its time, ms (medians)', rows: phaseRows(modes.results) });
  }
  if (cold) result.push({ title: 'A container, cold (ms)', rows: coldRows(cold.results) });
  if (warm) result.push({ title: 'From the claim to the first step (ms)', rows: warmRows(warm) });
  return result;
}

const whole = (value) => Math.round(value).toLocaleString('en-US');
const middle = (runs, key) => median(runs.map((run) => run[key]));
const orDash = (value, text) => (value === undefined || Number.isNaN(value) ? '–' : text(value));

const modeRows = (results) => [
  [
    '',
    'images/s',
    'lowest – highest',
    'wall time',
    'CPU of the trainer',
    'its peak memory',
    'CPU of the orchestrator',
  ],
  ...Object.entries(results).map(([mode, runs]) => {
    const { min, max } = spread(runs.map(({ imagesPerSecond }) => imagesPerSecond));
    return [
      mode,
      whole(middle(runs, 'imagesPerSecond')),
      `${whole(min)} – ${whole(max)}`,
      number(middle(runs, 'wallMs') / 1000, ' s'),
      orDash(middle(runs, 'trainerCpuSeconds'), (value) => number(value, ' s')),
      orDash(middle(runs, 'trainerPeakBytes') / 1e6, (value) => number(value, ' MB')),
      number(middle(runs, 'orchestratorCpuSeconds'), ' s'),
    ];
  }),
];

function phaseRows(results) {
  const modes = Object.keys(results);
  const names = [...new Set(Object.values(results).flatMap((runs) => Object.keys(runs.at(-1).phases)))];
  const cell = (mode, name) =>
    orDash(median(results[mode].map(({ phases }) => phases[name])), (value) => whole(value));
  return [['phase', ...modes], ...names.map((name) => [name, ...modes.map((mode) => cell(mode, name))])];
}

const coldRows = (results) => [
  ['', 'median', 'lowest – highest'],
  ...['create', 'fill', 'start', 'collect', 'remove', 'containerMs', 'cpuMs'].map((key) => {
    const { median: value, min, max } = spread(results.runner.map((run) => run[key]));
    return [NAMES[key] ?? key, whole(value), `${whole(min)} – ${whole(max)}`];
  }),
  (() => {
    const {
      median: value,
      min,
      max,
    } = spread(results['docker run --rm'].map(({ containerMs }) => containerMs));
    return ['`docker run --rm`', whole(value), `${whole(min)} – ${whole(max)}`];
  })(),
];

const NAMES = { containerMs: 'create + start + remove', cpuMs: 'CPU of the orchestrator, in all' };

const warmRows = ({ warmMs, inProcessMs }) => [
  ['', 'median', 'lowest – highest'],
  ...[
    ['warm trainer', warmMs],
    ['in-process', inProcessMs],
  ].map(([name, values]) => {
    const { median: value, min, max } = spread(values);
    return [name, whole(value), `${whole(min)} – ${whole(max)}`];
  }),
];
