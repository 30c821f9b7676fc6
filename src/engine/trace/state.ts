/** What makes two step states fit each other. */
import type { NamedArray, StepState } from './types.js';

interface Expected {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
}

/** The arrays of `state` in the order of `weights` and `slots`. @throws RangeError if they are not for these */
export function arraysOf(
  state: StepState,
  weights: readonly Expected[],
  slots: readonly Expected[],
): readonly Float32Array[] {
  if (!Number.isInteger(state.step) || state.step < 0)
    throw new RangeError(`step ${state.step} is not a count`);
  check(state.weights, weights, 'weights');
  check(state.slots, slots, 'optimizer slots');
  return [...state.weights, ...state.slots].map(({ data }) => data);
}

function check(given: readonly NamedArray[], expected: readonly Expected[], what: string): void {
  const list = (arrays: readonly Omit<Expected, 'size'>[]): string =>
    arrays.map(({ name, shape }) => `${name}[${shape.join()}]`).join(' ') || 'none';
  if (list(given) !== list(expected)) {
    throw new RangeError(
      `the state is another model's or optimizer's: its ${what} are ${list(given)}, expected ${list(expected)}`,
    );
  }
  given.forEach(({ name, data }, i) => {
    const size = expected[i]?.size ?? 0;
    if (data.length !== size)
      throw new RangeError(`the state has ${data.length} values for ${name}, expected ${size}`);
  });
}
