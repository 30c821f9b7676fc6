/** What a bench holds against each other: the modes that `--modes` names. */
import { didYouMean } from '../../common/nearest.js';
import { RunnerError } from '../../contract/errors.js';
import type { RunMode } from '../../contract/run-spec.js';
import { SIDE_NAMES } from '../../report/compare/choose-sides.js';

export interface BenchSide {
  /** In keys, in the report and in `--fail-if`: the mode, or a letter where all are of one mode. */
  readonly name: string;
  readonly mode: RunMode;
  /** In a container that was waiting for the run. */
  readonly warm: boolean;
}

const WARM = 'docker-warm';
const FIRST_LETTER = 'a'.charCodeAt(0);
const MOST_SIDES = 8;

/**
 * The sides, the least isolated first: it is what the others are held against. One mode alone, named more than once,
 * makes sides a, b, …: the same thing against itself, which shows what the machine's noise looks like.
 * @param known what can be named
 * @throws RunnerError `usage`
 */
export function parseSides(text: string, known: readonly string[] = SIDE_NAMES): BenchSide[] {
  const usage = (what: string): RunnerError =>
    new RunnerError('usage', `--modes: ${what}.`, {
      hint: `Name two or more of ${known.join(', ')} with commas between, or one of them twice.`,
    });
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (known.includes(name)) continue;
    throw usage(`there is no mode ${JSON.stringify(name)}${didYouMean(name, known).replace(/\?$/, '')}`);
  }
  const [first = ''] = names;
  const different = new Set(names);
  if (names.length < 2) {
    throw usage(`there is nothing to hold ${first} against`);
  }
  if (names.length > MOST_SIDES) throw usage(`at most ${MOST_SIDES} sides, got ${names.length}`);
  if (different.size === 1) {
    return names.map((_, index) => sideOf(first, String.fromCharCode(FIRST_LETTER + index)));
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw usage(`${twice} is named twice beside another mode`);
  return SIDE_NAMES.filter((name) => different.has(name)).map((name) => sideOf(name));
}

const sideOf = (mode: string, name = mode): BenchSide => ({
  name,
  mode: (mode === WARM ? 'docker' : mode) as RunMode,
  warm: mode === WARM,
});
