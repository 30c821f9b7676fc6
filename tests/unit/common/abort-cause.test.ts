import { describe, expect, it } from 'vitest';
import { endOfAbort, isTimeout, timedOut } from '../../../src/common/abort-cause.js';
import { RunnerError } from '../../../src/contract/errors.js';

const CANCELLED = { status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' };

describe('a run that its signal has stopped', () => {
  it('was out of time if the signal says so, and has that error', () => {
    const error = new RunnerError('timeout', 'The run took longer than its limit of 3 s.');
    const signal = AbortSignal.abort(error);
    expect(isTimeout(signal)).toBe(true);
    expect(endOfAbort(signal)).toEqual(timedOut(error));
    expect(timedOut(error)).toEqual({
      ...{
        status: 'timed-out',
        reason: 'timeout',
        message: 'The run took longer than its limit of 3 s.',
        error,
      },
    });
  });

  it.each([
    undefined,
    'timeout',
    new Error('timeout'),
    new DOMException('timed out', 'TimeoutError'),
    new RunnerError('interrupted', 'Ctrl-C'),
  ])('was cancelled for any other reason (%s)', (reason) => {
    const signal = AbortSignal.abort(reason);
    expect(isTimeout(signal)).toBe(false);
    expect(endOfAbort(signal)).toEqual(CANCELLED);
  });

  it('has not been out of time before it is stopped', () => {
    expect(isTimeout(new AbortController().signal)).toBe(false);
  });
});
