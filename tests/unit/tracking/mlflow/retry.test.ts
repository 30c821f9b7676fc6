import { describe, expect, test, vi } from 'vitest';
import { type Clarity, TrackingFailure } from '../../../../src/tracking/mlflow/failure.js';
import { withRetries } from '../../../../src/tracking/mlflow/retry.js';

const failure = (clarity: Clarity, retryAfterMs?: number): TrackingFailure =>
  new TrackingFailure('tracking-unreachable', 'failed', { clarity, retryAfterMs });
const { signal } = new AbortController();
const outOfTime = (): TrackingFailure => failure('unclear');
const OPTIONS = {
  patience: { attempts: 3, budgetMs: 5000, firstDelayMs: 1 },
  signal,
  repeatable: true,
  outOfTime,
};

describe('what is tried again', () => {
  test.each<[Clarity, boolean, number]>([
    ['refused', true, 1],
    ['refused', false, 1],
    ['clear', true, 3],
    ['clear', false, 3],
    ['unclear', true, 3],
    ['unclear', false, 1],
  ])('%s, repeatable: %s: %i attempts', async (clarity, repeatable, attempts) => {
    const attempt = vi.fn(() => Promise.reject(failure(clarity)));
    await expect(withRetries({ ...OPTIONS, repeatable }, attempt)).rejects.toMatchObject({ clarity });
    expect(attempt).toHaveBeenCalledTimes(attempts);
  });

  test('a defect is not', async () => {
    const attempt = vi.fn(() => Promise.reject(new TypeError('fetch is not a function')));
    await expect(withRetries(OPTIONS, attempt)).rejects.toThrow(TypeError);
    expect(attempt).toHaveBeenCalledTimes(1);
  });
});

test('an attempt is told of the failure before it', async () => {
  const seen: unknown[] = [];
  const first = failure('unclear');
  await withRetries(OPTIONS, (_signal, last) => {
    seen.push(last);
    return last === undefined ? Promise.reject(first) : Promise.resolve();
  });
  expect(seen).toEqual([undefined, first]);
});

test('Retry-After is waited for', async () => {
  const start = performance.now();
  const attempt = vi.fn().mockRejectedValueOnce(failure('clear', 30)).mockResolvedValueOnce('done');
  expect(await withRetries(OPTIONS, attempt)).toBe('done');
  // Timers may fire a millisecond early.
  expect(performance.now() - start).toBeGreaterThan(28);
});

describe('when the time is up', () => {
  const patience = { attempts: 100, budgetMs: 20, firstDelayMs: 1 };
  const forever = (within: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      within.addEventListener('abort', () => reject(within.reason as Error));
    });

  test('in the first attempt: that there was no answer', async () => {
    const none = failure('unclear');
    await expect(withRetries({ ...OPTIONS, patience, outOfTime: () => none }, forever)).rejects.toBe(none);
  });

  test('in a later one: what the last answer was', async () => {
    const last = failure('clear');
    let attempts = 0;
    const attempt = (within: AbortSignal): Promise<never> =>
      (attempts += 1) === 1 ? Promise.reject(last) : forever(within);
    await expect(withRetries({ ...OPTIONS, patience }, attempt)).rejects.toBe(last);
    expect(attempts).toBe(2);
  });
});

test('an abort ends a wait with its reason', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  const attempt = vi.fn(() => {
    setTimeout(() => abort.abort(reason), 5);
    return Promise.reject(failure('clear', 4000));
  });
  await expect(withRetries({ ...OPTIONS, signal: abort.signal }, attempt)).rejects.toBe(reason);
  await expect(withRetries({ ...OPTIONS, signal: abort.signal }, attempt)).rejects.toBe(reason);
  expect(attempt).toHaveBeenCalledTimes(1);
});
