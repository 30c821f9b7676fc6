/**
 * The class that an example most probably is of; of equal ones the first, as argmax has it.
 * @param probabilities `[examples × classes]`, row-major
 */
export function likeliestClass(probabilities: ArrayLike<number>, example: number, classes: number): number {
  let likeliest = 0;
  let highest = -Infinity;
  for (let candidate = 0; candidate < classes; candidate += 1) {
    const value = probabilities[example * classes + candidate] ?? NaN;
    if (value > highest) [likeliest, highest] = [candidate, value];
  }
  return likeliest;
}
