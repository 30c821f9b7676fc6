import { expect, it } from 'vitest';
import { nameWebgpuFailure, WebgpuFailure } from '../../../../src/engine/webgpu/failure.js';

it('a full card is told with half the batch', () => {
  expect(nameWebgpuFailure(new WebgpuFailure('out-of-memory', 'Buffer.'), { batchSize: 128 })).toMatchObject({
    ...{ code: 'gpu-out-of-memory', message: "The card's memory is used up: Buffer." },
    hint: 'Half the batch needs about half the memory: --batch-size 64. Or take a card with more memory, or that nobody else uses.',
  });
});

it('a card that is gone or fails is told with Dawn’s words; other errors are left as they are', () => {
  const name = (error: unknown) => nameWebgpuFailure(error, { batchSize: 1 });
  expect(name(new WebgpuFailure('lost', 'Reset.'))).toMatchObject({
    ...{ code: 'gpu-failed', message: 'The card is gone: Reset.' },
  });
  expect(name(new WebgpuFailure('other', 'Invalid.'))).toMatchObject({
    ...{ code: 'gpu-failed', message: 'The card failed: Invalid.' },
  });
  const other = new Error('other');
  expect(name(other)).toBe(other);
});
