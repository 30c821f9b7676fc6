/** How long each part of an isolated run took, put together from all who timed one. */
import type { TrainerExit } from '../contract/runtime.js';

/** A step of a runtime's journal that has a phase of its own. */
type TimedStep = 'created' | 'filled' | 'started' | 'collected';

/**
 * All phases of a run in milliseconds, in the order they happened.
 * @param earlier those that were over before the runtime began
 */
export function phasesOf(
  journal: { find(step: TimedStep): { readonly ms: number } | undefined },
  { phases }: Pick<TrainerExit, 'phases'>,
  earlier: Readonly<Record<string, number>> | undefined,
): Record<string, number> {
  const ms = (step: TimedStep): number => journal.find(step)?.ms ?? 0;
  return {
    ...earlier,
    ...{ create: ms('created'), fill: ms('filled'), start: ms('started') },
    ...phases,
    collect: ms('collected'),
  };
}
