import { describe, expect, it } from 'vitest';
import { ERRORS, RunnerError } from '../../../src/contract/errors.js';
import { NO_TRAINING, RUN_REASONS } from '../../../src/contract/run-outcome.js';
import { exitOfError, failureOfReason } from '../../../src/orchestrator/failure.js';

const NEVER = new AbortController().signal;
const BASE = { exitCode: null, signal: null, phases: {}, training: NO_TRAINING };

describe('the exit of a trainer that threw', () => {
  it('is its error', () => {
    const error = new RunnerError('gpu-unavailable', 'No GPU.');
    expect(exitOfError(error, NEVER)).toEqual({
      ...BASE,
      ...{ status: 'failed', reason: 'gpu-unavailable', message: 'No GPU.', error },
    });
  });

  it('is an exception where the error is unknown', () => {
    const error = new TypeError('x is undefined');
    expect(exitOfError(error, NEVER)).toEqual({
      ...BASE,
      ...{ status: 'failed', reason: 'exception', message: 'x is undefined', error },
    });
  });

  it.each(['the reason itself', 'an AbortError'])('is cancelled if it was aborted and threw %s', (what) => {
    const signal = AbortSignal.abort(new Error('SIGINT'));
    const aborted = Object.assign(new Error('aborted'), { name: 'AbortError' });
    expect(exitOfError(what === 'an AbortError' ? aborted : signal.reason, signal)).toEqual({
      ...BASE,
      ...{ status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' },
    });
  });

  it('is timed out if its time was up', () => {
    const error = new RunnerError('timeout', 'Too long.');
    expect(exitOfError(error, AbortSignal.abort(error))).toEqual({
      ...BASE,
      ...{ status: 'timed-out', reason: 'timeout', message: 'Too long.', error },
    });
  });

  it('is its own error if that came after the abort', () => {
    const error = new RunnerError('disk-full', 'Full.');
    expect(exitOfError(error, AbortSignal.abort())).toMatchObject({ status: 'failed', reason: 'disk-full' });
  });

  it('is its own error if it threw an AbortError that nobody asked for', () => {
    const aborted = Object.assign(new Error('aborted'), { name: 'AbortError' });
    expect(exitOfError(aborted, NEVER)).toMatchObject({ status: 'failed', reason: 'exception' });
  });
});

describe('of a run that ended in another process', () => {
  it.each(RUN_REASONS)('the reason %s has an exit status of its own table', (reason) => {
    const { code, exit } = failureOfReason(reason);
    expect(ERRORS[code].exit).toBe(exit);
    expect(exit).toBeGreaterThan(0);
  });

  it.each([
    ['timeout', { code: 'timeout', exit: 1 }],
    ['bad-data', { code: 'bad-data', exit: 2 }],
    ['daemon-unreachable', { code: 'daemon-unreachable', exit: 3 }],
    ['exception', { code: 'run-failed', exit: 1 }],
    ['interrupted', { code: 'run-failed', exit: 1 }],
    [null, { code: 'run-failed', exit: 1 }],
  ] as const)('%s is told as %o', (reason, failure) => {
    expect(failureOfReason(reason)).toEqual(failure);
  });
});
