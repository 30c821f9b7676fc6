import { expect, it } from 'vitest';
import { runAgain } from '../../../src/cli/tracking/run-again.js';
import { ERRORS, RunnerError } from '../../../src/contract/errors.js';
import type { ErrorCode } from '../../../src/contract/errors.js';
import { TRACKING_ERRORS } from '../../../src/contract/tracking-errors.js';

it.each(Object.keys(TRACKING_ERRORS) as ErrorCode[])('%s sends nobody from sync to sync', (code) => {
  const { hint, message } = runAgain(new RunnerError(code, 'It is so.'));
  expect(message).toBe('It is so.');
  expect(hint).not.toContain('runner sync');
});

it('leaves a failure alone that says something else', () => {
  const error = new RunnerError('run-deleted', 'It is so.');
  expect(runAgain(error)).toBe(error);
  expect(error.hint).toBe(ERRORS['run-deleted'].hint);
});

it('keeps the better hint of where it failed', () => {
  const hint = 'Set AWS_REGION; then `runner sync`.';
  expect(runAgain(new RunnerError('artifact-store-unreachable', 'It is so.', { hint })).hint).toBe(
    'Set AWS_REGION; then run this again.',
  );
});
