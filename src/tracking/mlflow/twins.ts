/** What a server has twice, because a creation went on there after its connection had broken. */

export interface Twin {
  readonly id: string;
  /** Nothing was put into it since it was made. */
  readonly empty: boolean;
}

/**
 * Deletes the twins that hold nothing. Whoever asks keeps the same one: the first that holds something, or the first.
 * @param twins all of them, in an order that is the same for everybody
 * @returns the id of the one that stays; undefined of none
 */
export async function keepOne(
  twins: readonly Twin[],
  remove: (id: string) => Promise<void>,
): Promise<string | undefined> {
  const kept = (twins.find(({ empty }) => !empty) ?? twins[0])?.id;
  for (const { id, empty } of twins) if (empty && id !== kept) await remove(id);
  return kept;
}
