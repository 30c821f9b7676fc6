import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * A random order of `0 … count − 1` that depends on the arguments alone (Fisher–Yates over xoroshiro128+; Knuth,
 * TAOCP vol. 2, algorithm P).
 * @param stream orders of one seed with different streams are independent: the generator jumps 2⁶⁴ numbers for each
 */
export function randomOrder(count: number, seed: number, stream: number): Uint32Array {
  const generator = xoroshiro128plus(seed);
  for (let jumps = 0; jumps < stream; jumps += 1) generator.jump();
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  shuffle(order, (most) => uniformInt(generator, 0, most));
  return order;
}

/** The same elements in a random order; those of `items` stay where they are. */
export function shuffled(items: Uint32Array, seed: number, stream: number): Uint32Array {
  return randomOrder(items.length, seed, stream).map((index) => items[index] ?? 0);
}

function shuffle(items: Uint32Array, drawUpTo: (most: number) => number): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const drawn = drawUpTo(last);
    const item = items[last] ?? 0;
    items[last] = items[drawn] ?? 0;
    items[drawn] = item;
  }
}
