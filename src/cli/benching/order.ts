import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * The names in a random order of their own in each round (Fisher and Yates), so that neither a place in the round nor a
 * slow drift of the machine belongs to one of them. The same seed gives the same orders.
 */
export function drawRounds(names: readonly string[], rounds: number, seed: number): string[][] {
  const generator = xoroshiro128plus(seed);
  return Array.from({ length: rounds }, () => {
    const order = [...names];
    for (let last = order.length - 1; last > 0; last -= 1) {
      const drawn = uniformInt(generator, 0, last);
      const [one, other] = [order[last], order[drawn]];
      if (one === undefined || other === undefined) throw new Error('drawn outside of the round');
      [order[last], order[drawn]] = [other, one];
    }
    return order;
  });
}
