import { describe, expect, it } from 'vitest';
import { inOrder } from '../../../../src/trainer/data/batches.js';
import { openBatches } from '../../../../src/trainer/data/open-batches.js';
import { SPEC } from '../../orchestrator/specs.js';

const data = { images: new Uint8Array(6), labels: Uint8Array.of(1, 2, 3), count: 3 };

describe('the batches of a run', () => {
  it('are made between steps where the spec says nothing else', async () => {
    const warnings: string[] = [];
    await using batches = openBatches(data, SPEC, (message) => warnings.push(message));
    expect(Array.from(batches.batches(inOrder(3), 2), ({ y }) => [...y])).toEqual([[1, 2], [3]]);
    expect([batches.count, warnings]).toEqual([3, []]);
  });

  it('are made between steps, with a warning, where a thread could not read the images', async () => {
    const warnings: string[] = [];
    const spec = { ...SPEC, engine: { ...SPEC.engine, prefetch: true } };
    await using batches = openBatches(data, spec, (message) => warnings.push(message));
    expect(Array.from(batches.batches(inOrder(3), 2), ({ y }) => [...y])).toEqual([[1, 2], [3]]);
    expect(warnings).toEqual([
      "The job's images are not in shared memory, where another thread could read them; each batch is made between two steps instead.",
    ]);
  });
});
