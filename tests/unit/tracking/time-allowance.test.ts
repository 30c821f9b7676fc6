import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { allowTime } from '../../../src/tracking/time-allowance.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const uri = 'http://tracking.example';

it('ends what takes longer, naming the server', () => {
  using allowance = allowTime(60_000, { uri, signal: new AbortController().signal });
  vi.advanceTimersByTime(59_999);
  expect(allowance.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(allowance.signal.reason).toMatchObject({
    code: 'tracking-unreachable',
    message: `${uri} has not taken the run within 60 s.`,
  });
});

it('ends nothing once it is disposed of', () => {
  const allowance = allowTime(60_000, { uri, signal: new AbortController().signal });
  allowance[Symbol.dispose]();
  vi.advanceTimersByTime(120_000);
  expect(allowance.signal.aborted).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

it.each([60_000, undefined])('passes on what its caller aborts, with %s ms', (ms) => {
  const caller = new AbortController();
  using allowance = allowTime(ms, { uri, signal: caller.signal });
  const reason = new Error('stopped');
  caller.abort(reason);
  expect(allowance.signal.reason).toBe(reason);
});
