import type { RunSpec } from '../../contract/run-spec.js';
import { snakeCase } from './keys.js';

/**
 * All of the spec, flat, in its order. Hyperparameters stand by the names that everybody knows (`epochs`, `batch_size`,
 * `learning_rate`), beside `seed`, `threads`, `mode` and `job`; the rest by its place: `engine.name`, `data.digest`,
 * `limits.memory_bytes`, `container.image`. A list is one value, as JSON. What a spec does not name has no parameter.
 */
export const paramsOf = ({ hyperparameters, schemaVersion, ...rest }: RunSpec): Map<string, string> =>
  new Map(flat({ ...hyperparameters, ...rest, spec: { schemaVersion } }, ''));

function* flat(value: object, prefix: string): Generator<[string, string]> {
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    if (member === undefined) continue;
    const key = `${prefix}${snakeCase(name)}`;
    if (typeof member === 'object' && member !== null && !Array.isArray(member)) {
      yield* flat(member, `${key}.`);
    } else {
      yield [key, typeof member === 'string' ? member : JSON.stringify(member)];
    }
  }
}
