/**
 * The composition root: the only module that knows every part. Each part is imported when it is first needed, so
 * that a command loads what it uses and nothing else.
 */
import { RunnerError } from '../contract/errors.js';
import type { Services } from './services.js';

export function wireServices(): Services {
  return {
    async findJob(name) {
      const { findJob } = await import('../jobs/index.js');
      return findJob(name);
    },
    prepareEngine: notYet,
    createRuntime: notYet,
    evaluateRun: notYet,
    inspect: notYet,
  };
}

const notYet = (): Promise<never> =>
  Promise.reject(new RunnerError('engine-missing', 'The engine is not part of this build.'));
