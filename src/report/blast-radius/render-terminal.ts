import { BOLD, GREEN, painter, RED } from '../colours.js';
import type { Paint } from '../colours.js';
import { table } from '../format.js';
import { printable } from '../printable.js';
import { hang, wrap } from '../wrap.js';
import { judge } from './cases.js';
import type { BlastCase, BlastRadius } from './cases.js';
import { verdictsOf } from './verdict.js';
import { wordsOf } from './words.js';

const WIDTH = 80;

/** For a terminal of 80 columns: the answer by mode, then a table a mode, then what bounded it. */
export function renderTerminal(result: BlastRadius, { colour }: { readonly colour: boolean }): string {
  const paint = painter(colour);
  const modes = [...new Set(result.cases.map(({ mode }) => mode))];
  return [
    verdictsOf(result)
      .map((sentence) => wrap(sentence, WIDTH))
      .join('\n'),
    ...modes.map((mode) =>
      renderMode(
        mode,
        result.cases.filter((one) => one.mode === mode),
        paint,
      ),
    ),
    result.bounds.map((bound) => hang('bound', printable(bound), WIDTH)).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function renderMode(mode: string, cases: readonly BlastCase[], paint: Paint): string {
  const rows = cases.map((one) => {
    const words = wordsOf(one);
    if (words === undefined) return [one.fault, `not run: ${one.notRun ?? ''}`];
    return [one.fault, words.runner, words.other, words.told, words.back];
  });
  const header = [mode.toUpperCase(), 'RUNNER', 'OTHER RUN', 'TOLD', 'BACK AFTER'];
  // What does not fit a column is no part of it: a sentence, or what was reached and left.
  const lines = table([header, ...rows.map((row) => row.map(printable))]).split('\n');
  return lines
    .flatMap((line, index) => {
      const one = cases[index - 1];
      if (one === undefined) return [paint(line, BOLD)];
      if (one.notRun !== null) return wrap(line, WIDTH).replaceAll('\n', `\n${' '.repeat(18)}`);
      const more = moreOf(one);
      const code = judge(one.fault, one.seen).contained ? GREEN : RED;
      return [paint(line, code), ...(more === '' ? [] : [paint(`  ${more}`, code)])];
    })
    .join('\n');
}

function moreOf(one: BlastCase): string {
  const words = wordsOf(one);
  if (words === undefined) return '';
  return [
    ...(words.reached === '–' ? [] : [words.reached]),
    ...(words.left === '–' ? [] : [`left: ${words.left}`]),
  ].join('; ');
}
