import { describe, expect, it } from 'vitest';
import { ERRORS, RunnerError } from '../../../src/contract/errors.js';
import type { ErrorCode } from '../../../src/contract/errors.js';
import { NO_TRAINING, RUN_REASONS } from '../../../src/contract/run-outcome.js';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import { errorOfOutcome, exitOfError, exitStatusOf } from '../../../src/orchestrator/failure.js';
import { outcomeOf } from './stored-runs.js';

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
  const ended = (over: Partial<RunOutcome>): RunOutcome => outcomeOf({ status: 'failed', ...over });

  it('the error is the one that ended it, hint and all', () => {
    const error = { code: 'daemon-failed', hint: 'Look at its log.' };
    expect(errorOfOutcome(ended({ reason: 'exception', message: 'It said no.', error }))).toMatchObject({
      ...{ ...error, message: 'It said no.', exitCode: 3 },
    });
  });

  it.each(RUN_REASONS)('an outcome without one has that of its reason: %s', (reason) => {
    const { code, exitCode } = errorOfOutcome(ended({ reason }));
    expect(ERRORS[code].exit).toBe(exitCode);
    expect(exitCode).toBeGreaterThan(0);
  });

  it.each([
    ['timeout', { code: 'timeout', exitCode: 1 }],
    ['bad-data', { code: 'bad-data', exitCode: 2 }],
    ['daemon-unreachable', { code: 'daemon-unreachable', exitCode: 3 }],
    ['exception', { code: 'run-failed', exitCode: 1 }],
    ['interrupted', { code: 'run-failed', exitCode: 1 }],
    [null, { code: 'run-failed', exitCode: 1 }],
  ] as const)('the reason %s is told as %o', (reason, failure) => {
    expect(errorOfOutcome(ended({ reason }))).toMatchObject(failure);
  });

  it('a code that this version does not know is told by its reason', () => {
    const error = { code: 'constructor', hint: '' };
    expect(errorOfOutcome(ended({ reason: 'timeout', error }))).toMatchObject({ code: 'timeout' });
  });
});

describe('the exit status of a run', () => {
  const failed = (error?: unknown) => ({ status: 'failed', reason: 'exception', error }) as const;
  const cancelled = { status: 'cancelled', reason: 'interrupted' } as const;
  const by = (code: ErrorCode) => AbortSignal.abort(new RunnerError(code, 'Stopped.'));

  it.each([
    ['that succeeded', { status: 'succeeded', reason: null } as const, NEVER, 0],
    ['that was cancelled by Ctrl-C', cancelled, by('interrupted'), 130],
    ['that was cancelled by SIGTERM', cancelled, by('terminated'), 143],
    ['whose terminal was closed', cancelled, by('hung-up'), 129],
    ['that was cancelled by nobody of ours', cancelled, NEVER, 130],
    ['whose error says less than its code', failed(new RunnerError('container-conflict', 'x')), NEVER, 3],
    ['that failed by a defect', failed(new Error('x')), NEVER, 1],
    ['of which there is a reason alone', failed(), NEVER, 1],
  ])('%s', (_what, exit, signal, status) => {
    expect(exitStatusOf(exit, signal)).toBe(status);
  });
});
