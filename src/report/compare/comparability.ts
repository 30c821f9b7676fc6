/** Which runs may be compared: those of one spec, that is, those that had the same work to do. */
import { isDeepStrictEqual } from 'node:util';
import type { ComparedRun } from './run-figures.js';

/** One thing that was asked for differently. */
export interface Difference {
  /** Path in the spec, such as `hyperparameters.batchSize`; `evaluated` for an evaluation within the run. */
  readonly name: string;
  /** Each value, with the runs that have it. */
  readonly values: readonly { readonly value: unknown; readonly runIds: readonly string[] }[];
}

/**
 * What a run's result and its length depend on. Not the mode, which is what is compared; not where the data lay, for
 * the digest says what they are; not limits and image, which say what a run may use; not how many steps
 * one call does, nor which thread makes the batches, which change no bit.
 */
export function identityOf({
  spec,
  outcome,
}: Pick<ComparedRun, 'spec' | 'outcome'>): Record<string, unknown> {
  const { job, hyperparameters, seed, threads, data } = spec;
  const engine = { ...spec.engine, stepsPerCall: undefined, prefetch: undefined };
  return {
    job,
    ...under('hyperparameters', hyperparameters),
    seed,
    threads,
    ...under('engine', engine),
    'data.digest': data.digest,
    evaluated: 'evaluate' in outcome.phases,
  };
}

const under = (name: string, members: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).map(([member, value]) => [`${name}.${member}`, value]));

/** What the runs do not have in common; empty if they are of one spec. */
export function differencesBetween(
  runs: readonly Pick<ComparedRun, 'runId' | 'spec' | 'outcome'>[],
): Difference[] {
  const identities = runs.map((run) => ({ runId: run.runId, identity: identityOf(run) }));
  const names = new Set(identities.flatMap(({ identity }) => Object.keys(identity)));
  return [...names].flatMap((name) => {
    const values: { value: unknown; runIds: string[] }[] = [];
    for (const { runId, identity } of identities) {
      const known = values.find(({ value }) => isDeepStrictEqual(value, identity[name]));
      if (known === undefined) values.push({ value: identity[name], runIds: [runId] });
      else known.runIds.push(runId);
    }
    return values.length > 1 ? [{ name, values }] : [];
  });
}

/** `seed 42 (20260301-140509-7h2k9p), 7 (20260301-140612-c4x0ne and 2 more)` */
export function describeDifference({ name, values }: Difference): string {
  const each = values.map(({ value, runIds: [first = '', ...others] }) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return `${typeof value === 'string' ? value : JSON.stringify(value)} (${first}${more})`;
  });
  return `${name} ${each.join(', ')}`;
}
