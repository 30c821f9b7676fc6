import { expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { interpretSchemas } from '../../../src/common/interpreted-schemas.js';

/** How many functions a schema is made into when it is used. */
function functionsOfOneSchema(): number {
  const makes = vi.spyOn(globalThis, 'Function');
  try {
    expect(z.object({ a: z.int() }).parse({ a: 1, b: 2 })).toEqual({ a: 1 });
    return makes.mock.calls.length;
  } finally {
    makes.mockRestore();
  }
}

it('has zod make no function of a schema that is made after', () => {
  onTestFinished(() => void z.config({ jitless: false }));
  // The first of a process is made to see whether it may.
  functionsOfOneSchema();
  expect(functionsOfOneSchema()).toBe(1);
  interpretSchemas();
  expect(functionsOfOneSchema()).toBe(0);
});
