import type { Garbage } from '../contract/garbage.js';
import { table } from './format.js';
import { printable } from './printable.js';

/** One line a thing: what it is, whose, what was done with it, and why. */
export const renderGarbage = (things: readonly Garbage[]): string =>
  table([
    ['WHAT', 'NAME', 'ROLE', 'RUN', 'DONE', 'WHY'],
    ...things.map(({ kind, name, role, run, verdict, why }) =>
      [kind, name, role, run || '–', verdict.replace('-', ' '), why].map(printable),
    ),
  ]);
