import { table } from './format.js';
import { printable } from './printable.js';

export interface CollectedThing {
  readonly kind: 'container' | 'volume' | 'job';
  readonly name: string;
  /** What it was for. */
  readonly role: string;
  /** Id of the run that it belongs to; empty for none. */
  readonly run: string;
  /** Why it may go, or why it must stay. */
  readonly why: string;
  readonly verdict: 'removed' | 'would-remove' | 'kept';
}

/** One line a thing: what it is, whose, what was done with it, and why. */
export const renderGarbage = (things: readonly CollectedThing[]): string =>
  table([
    ['WHAT', 'NAME', 'ROLE', 'RUN', 'DONE', 'WHY'],
    ...things.map(({ kind, name, role, run, verdict, why }) =>
      [kind, name, role, run || '–', verdict.replace('-', ' '), why].map(printable),
    ),
  ]);
