import { describe, expect, it } from 'vitest';
import { hyperparametersSchema } from '../../../src/contract/run-spec.js';
import { findJob, JOBS } from '../../../src/jobs/index.js';

describe('findJob', () => {
  it('finds a job by its name', () => expect(findJob('mnist-cnn').name).toBe('mnist-cnn'));

  it('lists the names when there is no such job', () => {
    expect(() => findJob('mnist-cmm')).toThrow(
      expect.objectContaining({
        code: 'unknown-job',
        exitCode: 2,
        message: 'There is no job "mnist-cmm": known jobs are mnist-cnn.',
      }) as Error,
    );
  });
});

describe.each(JOBS.map((job) => [job.name, job] as const))('%s', (_, { defaults }) => {
  it('has defaults that a spec accepts', () => {
    const { seed, ...hyperparameters } = defaults;
    expect(hyperparametersSchema.parse(hyperparameters)).toEqual(hyperparameters);
    expect(Number.isInteger(seed)).toBe(true);
  });
});
