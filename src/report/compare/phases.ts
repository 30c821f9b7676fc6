/** The phases of runs that went different ways, in one order. */

/**
 * Every phase of every list once. The order is that of the first list; what only another has stands behind the phase
 * that it follows there.
 */
export function mergePhases(lists: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = lists;
  const merged = [...first];
  for (const list of others) {
    let place = 0;
    for (const name of list) {
      const known = merged.indexOf(name);
      if (known === -1) merged.splice(place, 0, name);
      place = (known === -1 ? place : known) + 1;
    }
  }
  return merged;
}
