import { createHash } from 'node:crypto';
import type { NamedArray } from '../engine/trace/index.js';

/**
 * `sha256:<hex>` over, for each weight in the model's order, the line `<name> <sizes joined by x>\n` and then its
 * values as little-endian float32: equal exactly when every bit of every weight is.
 */
export function weightsDigest(weights: readonly NamedArray[]): string {
  const hash = createHash('sha256');
  for (const { name, shape, data } of weights) {
    hash.update(`${name} ${shape.join('x')}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return `sha256:${hash.digest('hex')}`;
}
