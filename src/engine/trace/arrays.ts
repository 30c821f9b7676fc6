/** The entry at `i`. @throws RangeError if there is none: a mistake in this folder, not of its user */
export function nth<T>(items: ArrayLike<T>, i: number): T {
  const item = items[i];
  if (item === undefined) throw new RangeError(`no entry ${i} among ${items.length}`);
  return item;
}

/** Number of elements of a shape. */
export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);
