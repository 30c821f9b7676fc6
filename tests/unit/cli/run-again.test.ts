import { expect, it } from 'vitest';
import { attachSuppressed } from '../../../src/common/errors.js';
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

it('keeps what failed after it', () => {
  const error = new RunnerError('tracking-refused', 'It is so.');
  const later = new Error('nor that');
  expect(runAgain(attachSuppressed(error, [later]) as RunnerError, 2)).toMatchObject({
    message: 'It is so. 2 runs wait for it.',
    hint: "The server's own words are in the message: see to what they say, then run this again.",
    ...{ cause: error, suppressed: [later] },
  });
});
