import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { weightsDigest } from '../../../src/trainer/weights-digest.js';

const kernel = { name: 'conv1/kernel', shape: [2, 1], data: Float32Array.of(1, -2) };
const bias = { name: 'conv1/bias', shape: [1], data: Float32Array.of(0.5) };

describe('the weights digest', () => {
  it('is the sha256 that docs/run-directory.md defines', () => {
    const hash = createHash('sha256');
    hash.update('conv1/kernel 2x1\n');
    hash.update(Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]));
    hash.update('conv1/bias 1\n');
    hash.update(Buffer.from([0, 0, 0, 0x3f]));
    expect(weightsDigest([kernel, bias])).toBe(`sha256:${hash.digest('hex')}`);
  });

  it('changes with one bit, a name, a shape, or the order', () => {
    const changed = [
      [{ ...kernel, data: Float32Array.of(1, -2.0000002) }, bias],
      [{ ...kernel, name: 'conv2/kernel' }, bias],
      [{ ...kernel, shape: [1, 2] }, bias],
      [bias, kernel],
    ];
    const digests = [[kernel, bias], ...changed].map(weightsDigest);
    expect(new Set(digests).size).toBe(5);
  });

  it('reads its own part of a larger buffer', () => {
    const data = Float32Array.of(9, 1, -2, 9).subarray(1, 3);
    expect(weightsDigest([{ ...kernel, data }])).toBe(weightsDigest([kernel]));
  });
});
