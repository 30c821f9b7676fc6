import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../../../src/trainer/checkpoints/safetensors.js';

const file = {
  tensors: [
    { name: 'a', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    { name: 'scalar', shape: [], data: Float32Array.of(-0) },
    { name: 'empty', shape: [0, 3], data: new Float32Array(0) },
  ],
  metadata: { format: 'x', note: 'ü' },
};

describe('safetensors', () => {
  it('come back as they went, to the bit', () => {
    const tensors = [...file.tensors, { name: 'odd', shape: [2], data: Float32Array.of(NaN, -Infinity) }];
    expect(decodeSafetensors(encodeSafetensors({ ...file, tensors }))).toEqual({ ...file, tensors });
  });

  it('have the layout of the specification: length, header, tensors', () => {
    const bytes = encodeSafetensors(file);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).toEqual({
      __metadata__: { format: 'x', note: 'ü' },
      a: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
      scalar: { dtype: 'F32', shape: [], data_offsets: [16, 20] },
      empty: { dtype: 'F32', shape: [0, 3], data_offsets: [20, 20] },
    });
    expect(bytes.readFloatLE(8 + length + 4)).toBe(2);
    expect(bytes).toHaveLength(8 + length + 20);
  });

  it('are refused when they are cut off, wherever', () => {
    const bytes = encodeSafetensors(file);
    const length = Number(bytes.readBigUInt64LE());
    expect(() => decodeSafetensors(bytes.subarray(0, 4))).toThrow('it is shorter than its header');
    expect(() => decodeSafetensors(bytes.subarray(0, 20))).toThrow('it is shorter than its header');
    expect(() => decodeSafetensors(bytes.subarray(0, 8 + length + 8))).toThrow(
      'tensor "a" does not fit its shape',
    );
  });

  it('are refused when the header claims to be larger than memory', () => {
    const bytes = encodeSafetensors(file);
    bytes.writeBigUInt64LE(2n ** 60n);
    expect(() => decodeSafetensors(bytes)).toThrow('it is shorter than its header');
  });
});
