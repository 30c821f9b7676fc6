/** A case in words: what terminal and Markdown have in common. */
import { formatBytes, formatDuration } from '../format.js';
import { judge } from './cases.js';
import type { BlastCase, Observation } from './cases.js';
import { CATALOGUE } from './catalogue.js';

const NONE = '–';
/** Less is what any run leaves: its log, its checkpoints. */
const MUCH_BYTES = 50e6;

export interface CaseWords {
  /** What became of the runner's process. */
  readonly runner: string;
  /** What became of the run beside it. */
  readonly other: string;
  /** What outcome.json says; with a mark where that is wrong. */
  readonly told: string;
  readonly reached: string;
  readonly left: string;
  readonly back: string;
}

export function wordsOf({ fault, ...rest }: BlastCase): CaseWords | undefined {
  if (rest.notRun !== null) return undefined;
  const { seen } = rest;
  const { other, toldRightly } = judge(fault, seen);
  const { goal } = CATALOGUE[fault];
  return {
    runner: describeRunner(seen.runner),
    other: other === 'paused' ? `paused ${formatDuration(seen.bystander.longestPauseMs)}` : other,
    told: `${describeEnd(seen)}${toldRightly === false ? ' (wrong)' : ''}`,
    reached: goal === undefined || seen.reached === null ? NONE : seen.reached ? goal.got : goal.missed,
    left: describeLeft(seen.left),
    back: seen.backMs === null ? 'never' : formatDuration(seen.backMs),
  };
}

const describeRunner = ({ end, exitCode, signal }: Observation['runner']): string =>
  end === 'died' ? `died, ${signal ?? `status ${exitCode ?? '?'}`}` : end;

const describeEnd = ({ outcome, error }: Observation): string =>
  outcome?.reason ?? outcome?.status ?? error ?? 'nothing';

function describeLeft({
  processes,
  containers,
  volumes,
  diskBytes,
  printedBytes,
}: Observation['left']): string {
  const count = (number: number, one: string): string[] =>
    number === 0 ? [] : [`${number} ${one}${number === 1 ? '' : one.endsWith('s') ? 'es' : 's'}`];
  const parts = [
    ...count(processes ?? 0, 'process'),
    ...count(containers, 'container'),
    ...count(volumes, 'volume'),
    ...(diskBytes > MUCH_BYTES ? [`${formatBytes(diskBytes)} on disk`] : []),
    ...(printedBytes > MUCH_BYTES ? [`${formatBytes(printedBytes)} of output`] : []),
  ];
  return parts.length === 0 ? NONE : parts.join(', ');
}

const describeWrong = (told: string): string =>
  told.startsWith('nothing') ? 'nothing told' : `told wrongly: ${told.replace(' (wrong)', '')}`;

/** The whole of a case for a narrow table: what was harmed, or that nothing was. */
export function summarize(blastCase: BlastCase): string {
  const words = wordsOf(blastCase);
  if (words === undefined || blastCase.notRun !== null) return `not run: ${blastCase.notRun ?? ''}`;
  const { runner, other, toldRightly, reached, leftBehind, contained } = judge(
    blastCase.fault,
    blastCase.seen,
  );
  const harm = [
    ...(runner === 'survived' ? [] : [`runner ${words.runner.replace(',', ' of')}`]),
    ...(other === 'unhurt' ? [] : [`other run ${words.other}`]),
    ...(toldRightly === false ? [describeWrong(words.told)] : []),
    ...(reached === true ? [words.reached] : []),
    ...(leftBehind ? [`left: ${words.left}`] : []),
  ];
  if (!contained) return harm.join('; ');
  const told = toldRightly === true ? `told: ${words.told}` : words.reached;
  return told === NONE ? 'nothing' : told;
}
