import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endOfAbort, isTimeout } from '../../../src/common/abort-cause.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { limitTime } from '../../../src/orchestrator/time-limit.js';
import { NOW } from './specs.js';

const DAY_MS = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const limit = (
  timeoutMs: number | undefined,
  { startedAt = NOW, signal = new AbortController().signal } = {},
) => limitTime(signal, { timeoutMs, startedAt, now: NOW });

describe('a time limit', () => {
  it('aborts when the time is up, not a moment before, and says which limit it was', () => {
    using limited = limit(1500);
    vi.advanceTimersByTime(1499);
    expect(limited.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(limited.signal.reason).toEqual(
      new RunnerError('timeout', 'The run took longer than its limit of 1.5 s.'),
    );
    expect(isTimeout(limited.signal)).toBe(true);
    expect(endOfAbort(limited.signal)).toEqual({
      ...{ status: 'timed-out', reason: 'timeout', message: 'The run took longer than its limit of 1.5 s.' },
      error: limited.signal.reason as unknown,
    });
  });

  it('counts from the start of the run, whoever has brought it this far', () => {
    using limited = limit(10_000, { startedAt: NOW - 7000 });
    vi.advanceTimersByTime(2999);
    expect(limited.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(isTimeout(limited.signal)).toBe(true);
  });

  it('that was over before is over at once', () => {
    using limited = limit(10_000, { startedAt: NOW - 3 * DAY_MS });
    vi.advanceTimersByTime(0);
    expect(isTimeout(limited.signal)).toBe(true);
  });

  it('may be longer than a timer of Node’s can be', () => {
    const days = 60;
    using limited = limit(days * DAY_MS);
    vi.advanceTimersByTime(days * DAY_MS - 1);
    expect(limited.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(isTimeout(limited.signal)).toBe(true);
  });

  it('ends with the run: nothing is left that could fire', () => {
    const limited = limit(1000);
    limited[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5000);
    expect(limited.signal.aborted).toBe(false);
  });

  it('of none is the signal as it is', () => {
    const { signal } = new AbortController();
    using limited = limit(undefined, { signal });
    expect(limited.signal).toBe(signal);
  });
});

describe('of a cancellation and a time limit', () => {
  it('the first is the cause: cancelled', () => {
    const controller = new AbortController();
    using limited = limit(1000, { signal: controller.signal });
    const reason = new Error('SIGINT');
    controller.abort(reason);
    expect(limited.signal.reason).toBe(reason);
    vi.advanceTimersByTime(1000);
    expect(limited.signal.reason).toBe(reason);
    expect(endOfAbort(limited.signal)).toEqual({
      ...{ status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' },
    });
  });

  it('the first is the cause: timed out', () => {
    const controller = new AbortController();
    using limited = limit(1000, { signal: controller.signal });
    vi.advanceTimersByTime(1000);
    controller.abort(new Error('SIGINT'));
    expect(isTimeout(limited.signal)).toBe(true);
  });

  it('one that had come before is there at once', () => {
    const reason = new Error('SIGTERM');
    using limited = limit(1000, { signal: AbortSignal.abort(reason) });
    expect(limited.signal.reason).toBe(reason);
  });

  it('the run’s end takes the listener off the caller’s signal', () => {
    const { signal } = new AbortController();
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    limit(1000, { signal })[Symbol.dispose]();
    expect(remove.mock.calls.map(([type, listener]) => [type, listener])).toEqual(
      add.mock.calls.map(([type, listener]) => [type, listener]),
    );
  });
});
