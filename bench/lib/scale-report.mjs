/** The tables of `npm run bench:scale`. */
import { markdownOf, textOf } from './report.mjs';

export const renderScaleText = (report) => textOf(tables(report), report);
export const renderScaleMarkdown = (report) => markdownOf(tables(report), report);

function tables({ runs, run, recording, folder, queue, waitSeconds }) {
  const result = [];
  if (run) result.push({ title: 'One run with the defaults', rows: runRows(run) });
  if (run) result.push({ title: 'On the disk of whoever trains', rows: diskRows(run, runs) });
  if (recording)
    result.push({
      title: 'Recorded at one MLflow server with SQLite, one run after the other',
      rows: recordingRows(recording),
    });
  if (recording)
    result.push({
      title: `What ${count(runs)} such runs a day are to the server`,
      rows: dailyRows(recording, runs),
    });
  if (folder)
    result.push({ title: `Commands in a folder with ${count(runs)} runs`, rows: folderRows(folder) });
  if (queue)
    result.push({
      title: `Simulated: ${count(runs)} runs a day of ${seconds(queue.runSeconds)} on average, 95 of 100 of them to begin within ${seconds(waitSeconds)}`,
      rows: queueRows(queue, run?.threads),
    });
  return result;
}

const runRows = ({ wallSeconds, cpuSeconds, peakBytes, threads }) => [
  ['threads', 'time, s', 'CPU time, s', 'peak memory, MB'],
  [String(threads), wallSeconds.toFixed(1), cpuSeconds.toFixed(0), (peakBytes / 1e6).toFixed(0)],
];

function diskRows({ disk }, runs) {
  const all = Object.values(disk).reduce((sum, bytes) => sum + bytes, 0);
  return [
    ['what', 'MB a run', `GB of ${count(runs)} runs`],
    ...Object.entries({ ...disk, 'in all': all }).map(([name, bytes]) => [
      name,
      megabytes(bytes),
      gigabytes(bytes * runs),
    ]),
  ];
}

const recordingRows = ({ whole, short }) => [
  ['run', 'points', 's', 'kB in the database', 'MB in the artifact store'],
  ...[
    ['with the defaults', whole],
    [`of one epoch on 2,000 images (mean of ${short.runs})`, short],
  ].map(([name, { points, seconds, databaseBytes, storeBytes }]) => [
    name,
    count(points),
    seconds.toFixed(2),
    count(databaseBytes / 1e3),
    megabytes(storeBytes),
  ]),
];

/** What a point and the rest of a run take, from the two kinds of runs. */
export function bytesOfPoint({ whole, short }) {
  return (whole.databaseBytes - short.databaseBytes) / (whole.points - short.points);
}

function dailyRows(recording, runs) {
  const { points, seconds, databaseBytes, storeBytes } = recording.whole;
  return [
    ['what', 'a day'],
    ['points', count(points * runs)],
    ['GB in the database', gigabytes(databaseBytes * runs)],
    ['bytes of the database a point', bytesOfPoint(recording).toFixed(0)],
    ['GB in the artifact store', gigabytes(storeBytes * runs)],
    ['hours of one server that takes them one after the other', ((seconds * runs) / 3600).toFixed(1)],
  ];
}

const folderRows = (folder) => [
  ['command', 's, median', 'lowest – highest'],
  ...Object.entries(folder).map(([name, { median, min, max }]) => [
    `\`runner ${name}\``,
    median.toFixed(2),
    `${min.toFixed(2)} – ${max.toFixed(2)}`,
  ]),
];

const queueRows = ({ profiles }, threads) => [
  [
    'the runs come',
    'runs at once',
    ...(threads === undefined ? [] : ['processors']),
    'their time used',
    'half wait at most',
    '95 of 100 wait at most',
    'longest wait',
    'last ends after',
  ],
  ...Object.entries(profiles).map(([name, { slots, used, waitSeconds, doneHours }]) => [
    ARRIVALS[name],
    String(slots),
    ...(threads === undefined ? [] : [String(slots * threads)]),
    `${Math.round(100 * used)} %`,
    ...[waitSeconds.half, waitSeconds.most, waitSeconds.longest].map(seconds),
    `${doneHours.toFixed(1)} h`,
  ]),
];

const ARRIVALS = {
  even: 'evenly over the day',
  office: 'six times as often from 9 to 18 h',
  burst: 'all within one hour',
};

const count = (value) => Math.round(value).toLocaleString('en-US');
const megabytes = (bytes) => (bytes / 1e6).toFixed(2);
const gigabytes = (bytes) => (bytes / 1e9).toFixed(1);
const seconds = (value) => `${Math.round(value)} s`;
