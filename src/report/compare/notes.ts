/** What a reader must know before believing the figures, as sentences. */
import { describeDifference } from './comparability.js';
import type { Comparison, SideRuns } from './comparison.js';
import type { ComparedRun, RunFigures } from './run-figures.js';
import { describeSetup } from './set-up.js';
import { LEAST_RUNS } from './statistics.js';
import { count } from './title.js';

export function notesOf(comparison: Comparison, runs: readonly ComparedRun[]): string[] {
  const { sides } = comparison;
  const all = sides.flatMap((side) => side.runs);
  return [
    ...comparison.differences.map((difference) => `Not the same to do: ${describeDifference(difference)}.`),
    ...all.filter(({ status }) => status !== 'succeeded').map(describeUnsuccessful),
    ...describeRepeats(sides),
    ...describeHosts(all),
    ...describeOverlap(all),
    ...all.filter(({ takenOver }) => takenOver).map(describeTakenOver),
    ...describeLimits(runs),
    ...describeCalls(runs),
    ...describePrefetch(runs),
    // Of the other sides their verdicts tell it.
    ...sides.slice(0, 1).map(describeSetup).filter(Boolean),
  ];
}

const describeUnsuccessful = ({ runId, status }: RunFigures): string =>
  `Run ${runId} has not succeeded (${status}): it counts as far as it got.`;

function describeRepeats(sides: readonly SideRuns[]): string[] {
  const counts = sides.map(({ runs }) => runs.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const few =
    least < LEAST_RUNS
      ? [
          `What is noise cannot be told from ${count(least, 'run')} a side: ${LEAST_RUNS} or more give intervals.`,
        ]
      : [];
  const uneven =
    least === most
      ? []
      : [
          `Not as many runs on each side (${sides.map(({ name, runs }) => `${name} ${runs.length}`).join(', ')}): they are not taken as pairs.`,
        ];
  return [...few, ...uneven];
}

function describeHosts(runs: readonly RunFigures[]): string[] {
  const hosts = [...new Set(runs.map(({ host }) => host).filter((host) => host !== null))];
  return hosts.length > 1 ? [`The runs are of different machines: ${hosts.join(', ')}.`] : [];
}

/** Two at once have half a machine each. */
function describeOverlap(runs: readonly RunFigures[]): string[] {
  const ordered = [...runs].sort((a, b) => a.startedAt - b.startedAt);
  let last = ordered[0];
  let pairs: [string, string] | undefined;
  let overlaps = 0;
  for (const run of ordered.slice(1)) {
    if (last !== undefined && run.startedAt < last.endedAt) {
      overlaps += 1;
      pairs ??= [last.runId, run.runId];
    }
    if (last === undefined || run.endedAt > last.endedAt) last = run;
  }
  if (pairs === undefined) return [];
  const more = overlaps > 1 ? `, and ${count(overlaps - 1, 'other')}` : '';
  return [`Runs ${pairs.join(' and ')} went on at the same time${more}: they took from each other.`];
}

const describeTakenOver = ({ runId }: RunFigures): string =>
  `Run ${runId} was finished by another process: its time has the gap in it, and what runner itself used in all is not known.`;

function describeLimits(runs: readonly ComparedRun[]): string[] {
  const narrow = runs.filter(({ spec }) => (spec.limits?.cpus ?? Infinity) < spec.threads);
  const gpu = runs.filter(({ spec }) => spec.container?.gpu !== undefined);
  const limits = [...new Set(narrow.map(({ spec }) => spec.limits?.cpus))];
  return [
    ...(narrow.length > 0
      ? [`${count(narrow.length, 'run')} had fewer processors than threads: ${limits.join(' and ')}.`]
      : []),
    ...(gpu.length > 0 ? [`${count(gpu.length, 'run')} asked for a GPU.`] : []),
  ];
}

function describeCalls(runs: readonly ComparedRun[]): string[] {
  const counts = [...new Set(runs.map(({ spec }) => spec.engine.stepsPerCall ?? 1))].sort((a, b) => a - b);
  return counts.length > 1
    ? [
        `Not all runs did as many steps by one call of TensorFlow: ${counts.join(' and ')}; only the speed depends on it.`,
      ]
    : [];
}

function describePrefetch(runs: readonly ComparedRun[]): string[] {
  const ways = new Set(runs.map(({ spec }) => spec.engine.prefetch ?? false));
  return ways.size > 1
    ? ['Not all runs made the next batch while a step ran; only the speed depends on it.']
    : [];
}
