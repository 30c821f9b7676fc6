import { expect, it } from 'vitest';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { forPrediction } from '../../../src/trainer/evaluate-run.js';

it('a run that trained with many steps a call is evaluated by a graph of one', () => {
  const engine = { name: 'tensorflow', version: '2.21.0', step: 'traced', stepsPerCall: 64 } as const;
  expect(forPrediction({ seed: 7, engine } as RunSpec)).toEqual({
    ...{ seed: 7, engine: { ...engine, stepsPerCall: 1 } },
  });
});
