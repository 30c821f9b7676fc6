import type { RunnerError } from '../../contract/errors.js';
import { printable } from '../../report/printable.js';
import type { Output } from '../output.js';
import { readLatest, readNamed, readSelected } from './read-runs.js';
import { leftOutLine, passedOverLine, type RunSource } from './run-source.js';

/** The runs of a runs directory; what of them is left out is said. */
export function diskRuns(runsDir: string, output: Pick<Output, 'note'>): RunSource {
  const onUnreadable = (problems: readonly RunnerError[]): void => output.note(unreadableLine(problems));
  return {
    runsDir,
    readNamed: (queries) => readNamed(runsDir, queries),
    readLatest: () =>
      readLatest(runsDir, {
        onUnreadable,
        onPassedOver: (...newer) => output.note(printable(passedOverLine(...newer))),
      }),
    readSelected: (selection, options) =>
      readSelected(runsDir, selection, {
        ...options,
        onUnreadable,
        onLeftOut: (runs) => output.note(leftOutLine(runs, options)),
      }),
  };
}

/** How many are left out, what is wrong with the first of them, and what to do about it. */
function unreadableLine(problems: readonly RunnerError[]): string {
  const [first] = problems;
  const why = first === undefined ? '' : `${first.message} ${first.hint}`;
  return printable(
    problems.length === 1
      ? `1 run cannot be read and is left out: ${why}`
      : `${problems.length} runs cannot be read and are left out. The first of them: ${why}`,
  );
}
