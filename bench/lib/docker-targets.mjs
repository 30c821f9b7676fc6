/** What issue and docs promise of the docker runtime, and whether it holds. */
import { ratios } from './rounds.mjs';
import { spread } from './statistics.mjs';
import { atLeast, atMost } from './targets.mjs';

const MOST_HELP_MS = 120;
const MB = 1e6;

/** @returns rows as `judge` of targets.mjs */
export function judgeDocker({ modes, cold, warm, help, sideBySide, logs, files }) {
  return [
    ...(modes ? ofModes(modes.results) : []),
    ...(cold ? ofCold(cold.results) : []),
    ...(warm
      ? [
          atMost('claim to first step, warm trainer / in-process from the same point', warm.ratio, 1.2, {
            unit: '×',
          }),
        ]
      : []),
    ...(help ? [ofHelp(help.results)] : []),
    ...(sideBySide ? [ofSideBySide(sideBySide)] : []),
    ...(logs ? ofLogs(logs) : []),
    ...(files ? ofFiles(files) : []),
  ];
}

function ofModes(results) {
  const speeds = (mode) => results[mode].map(({ imagesPerSecond }) => imagesPerSecond);
  const runs = Object.values(results).flat();
  const digests = new Set(runs.map(({ weightsDigest }) => weightsDigest));
  const cpu = spread(results.docker.map(({ orchestratorCpuSeconds }) => 1000 * orchestratorCpuSeconds));
  const image = results.docker[0].image.bytes / MB;
  return [
    {
      ...{ what: `different weights digests in ${runs.length} runs of one spec, every mode`, unit: '' },
      ...{ value: digests.size, target: '1', met: digests.size === 1 },
    },
    atLeast('steady images/s, docker / in-process', ratios(speeds('docker'), speeds('inprocess')), 0.97),
    atLeast('steady images/s, process / in-process', ratios(speeds('process'), speeds('inprocess')), 0.97),
    atMost('CPU time of the orchestrator a docker run', cpu, 300, { unit: ' ms' }),
    atMost('size of the image, unpacked', spread([image]), 950, { unit: ' MB', goal: 800 }),
  ];
}

function ofCold(results) {
  const times = (name) => results[name].map(({ containerMs }) => containerMs);
  return [
    atMost(
      'create + start + remove / bare `docker run --rm`',
      ratios(times('runner'), times('docker run --rm')),
      1.15,
      { unit: '×' },
    ),
  ];
}

const ofHelp = (results) =>
  atMost('`runner --help`', spread(results['runner --help'].map(({ wallMs }) => wallMs)), MOST_HELP_MS, {
    unit: ' ms',
  });

const ofSideBySide = ({ atOnce, onePeakBytes, manyPeakBytes }) =>
  atMost(
    `more memory of the orchestrator for ${atOnce} runs at once`,
    spread([(manyPeakBytes - onePeakBytes) / MB]),
    40,
    { unit: ' MB' },
  );

const ofLogs = ({ lines, lost, doubled, linesPerSecond }) => [
  {
    ...{ what: `of ${lines.toLocaleString('en-US')} log lines lost or doubled`, unit: '' },
    ...{ value: lost + doubled, target: '0', met: lost + doubled === 0 },
  },
  { ...atLeast('log lines a second', spread(linesPerSecond), 100_000), unit: '', target: '≥ 100,000' },
];

const ofFiles = ({ bigMBPerSecond, smallSeconds }) => [
  { ...atLeast('100 MB of results, MB/s', spread(bigMBPerSecond), 150), unit: '', target: '≥ 150' },
  atMost('2,000 small files of results', spread(smallSeconds), 1, { unit: ' s' }),
];
