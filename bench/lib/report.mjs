/** The same tables for a terminal and for a document. */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { median, spread } from './statistics.mjs';
import { stepPartsTables } from './step-parts-report.mjs';

export const renderText = (report) => textOf(tables(report), report);

export function textOf(tables, report) {
  return tables
    .map(({ title, rows }) => `\n${title}\n${aligned(rows)}`)
    .concat(`\n${surroundings(report).join('\n')}`)
    .join('\n');
}

export const renderMarkdown = (report) => markdownOf(tables(report), report);

export function markdownOf(tables, report) {
  const parts = tables.map(({ title, rows: [head, ...rows] }) => {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    return [`**${title}**`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
  });
  return [
    ...parts,
    surroundings(report)
      .map((line) => `- ${line}`)
      .join('\n'),
  ].join('\n\n');
}

/** Replaces what stands between the marks of a document. @throws if it has none */
export async function replaceSection(file, text, name) {
  const [opening, closing] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const document = readFileSync(file, 'utf8');
  const [start, end] = [document.indexOf(opening), document.indexOf(closing)];
  if (start === -1 || end < start)
    throw new Error(`${file} has no section between ${opening} and ${closing}.`);
  const filled = `${document.slice(0, start)}${opening}\n\n${text}\n\n${document.slice(end)}`;
  writeFileSync(file, await format(filled, { ...(await resolveConfig(file)), filepath: file }));
}

/**
 * Shows what was measured, and keeps it where the options say so; with --check a missed target is exit status 1.
 * @param {object} report with `verdicts`
 * @param {{ json?: string, write?: string, check: boolean }} options
 * @param {{ text: (report: object) => string, markdown: (report: object) => string, section: string }} renderers
 */
export async function publish(report, { json, write, check }, { text, markdown, section }) {
  process.stdout.write(`${text(report)}\n`);
  if (json) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  if (write) await replaceSection(write, markdown(report), section);
  if (check && report.verdicts.some(({ met }) => met === false)) process.exitCode = 1;
}

function tables(report) {
  const { verdicts, floor, parts, steady, whole, stall } = report;
  const result = [{ title: 'Against the targets', rows: verdictRows(verdicts) }];
  if (steady) result.push({ title: 'Steady throughput', rows: steadyRows(steady.results) });
  if (floor) result.push({ title: 'The convolutions alone, in TensorFlow', rows: floorRows(floor, steady) });
  if (whole)
    result.push({ title: 'Whole process, one epoch of 60,000 images', rows: wholeRows(whole.results) });
  if (whole)
    result.push({ title: 'Where `runner` spends it (medians)', rows: phaseRows(whole.results.runner) });
  if (parts) result.push(...stepPartsTables(parts));
  if (stall) result.push({ title: 'Event loop while training', rows: stallRows(stall) });
  return result;
}

export const number = (value, unit) => {
  const digits = unit === '×' || unit === ' s' || unit === ' %' ? 2 : unit === ' ms' ? 1 : 0;
  return `${value.toFixed(digits)}${unit}`;
};
const count = (value) => Math.round(value).toLocaleString('en-US');

export const verdictRows = (verdicts) => [
  ['what', 'median', 'lowest – highest', 'target', 'verdict'],
  ...verdicts.map(({ what, value, low, high, unit, target, goal, met }) => [
    what,
    number(value, unit),
    low === undefined ? '' : `${number(low, unit)} – ${number(high, unit)}`,
    goal === undefined ? target : `${target} (goal ${goal})`,
    met ? 'met' : 'falls short',
  ]),
];

const steadyRows = (results) => [
  [
    '',
    'images/s, median',
    'lowest – highest',
    'peak RSS, MB',
    'training loss and accuracy of the last epoch',
  ],
  ...Object.entries(results).map(([name, runs]) => {
    const speed = spread(runs.map(({ imagesPerSecond }) => imagesPerSecond));
    const last = (key) => median(runs.map((run) => run[key].at(-1)));
    return [
      name,
      count(speed.median),
      `${count(speed.min)} – ${count(speed.max)}`,
      count(median(runs.map(({ peakRssBytes }) => peakRssBytes / 1e6))),
      `${last('loss').toFixed(4)}, ${(100 * last('accuracy')).toFixed(2)} %`,
    ];
  }),
];

const floorRows = ({ passes, ms, imagesPerSecond }, steady) => [
  ['pass of a step of 128 images', 'ms, least'],
  ...Object.entries(passes).map(([name, each]) => [name, each.toFixed(2)]),
  ['together', ms.toFixed(2)],
  ['which allows images/s', count(imagesPerSecond)],
  ...Object.entries(steady?.results ?? {}).map(([name, runs]) => {
    const speed = median(runs.map((run) => run.imagesPerSecond));
    return [`${name} reaches`, `${Math.round((100 * speed) / imagesPerSecond)} %`];
  }),
];

const wholeRows = (results) => [
  ['', 'wall time, median', 'lowest – highest'],
  ...Object.entries(results).map(([name, runs]) => {
    const wall = spread(runs.map(({ wallMs }) => wallMs / 1000));
    return [name, number(wall.median, ' s'), `${number(wall.min, ' s')} – ${number(wall.max, ' s')}`];
  }),
];

const phaseRows = (runs) => [
  ['phase', 'ms'],
  ...Object.keys(runs[0].phases).map((name) => [name, count(median(runs.map(({ phases }) => phases[name])))]),
];

const stallRows = (runs) => [
  ['', 'median of the runs'],
  ...['p50', 'p99', 'max'].map((name) => [name, number(median(runs.map((run) => run[`${name}Ms`])), ' ms')]),
];

export function surroundings({
  date,
  command,
  machine,
  threads,
  rounds,
  versions,
  commit,
  busyBefore,
  steady,
  whole,
  modes,
  runs,
}) {
  const measured = [steady, whole, modes, runs];
  const load = measured.flatMap((each) => each?.load ?? []).map(({ foreign }) => 100 * foreign);
  const busy = load.length > 0 ? spread(load) : undefined;
  return [
    `${date.slice(0, 10)}, \`${command}\`${commit && `, commit ${commit}`}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; ${threads} threads for each contestant`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `${rounds} rounds. Other work on the machine: ${Math.round(100 * busyBefore)} % of the cores before it began${
      busy
        ? `, ${Math.round(busy.median)} % (${Math.round(busy.min)}–${Math.round(busy.max)} %) before the single runs`
        : ''
    }`,
  ];
}

export function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => [...row[column]].length)));
  const pad = (cell, width) => cell + ' '.repeat(width - [...cell].length);
  return rows
    .map((row) => `  ${row.map((cell, column) => pad(cell, widths[column])).join('  ')}`.trimEnd())
    .join('\n');
}
