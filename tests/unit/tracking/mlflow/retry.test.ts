import { describe, expect, test, vi } from 'vitest';
import { type Clarity, TrackingFailure } from '../../../../src/tracking/mlflow/failure.js';
import { type Patience, withRetries } from '../../../../src/tracking/mlflow/retry.js';

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

describe('whoever waits', () => {
  const told = async (
    change: Partial<Patience>,
    attempt: () => Promise<unknown>,
    repeatable = true,
  ): Promise<readonly number[]> => {
    const waits: number[] = [];
    const patience = { ...OPTIONS.patience, ...change };
    const onWaiting = (_: TrackingFailure, mostMs: number): void => void waits.push(mostMs);
    await withRetries({ ...OPTIONS, patience, repeatable, onWaiting }, attempt).catch(() => undefined);
    return waits;
  };
  const refused = (): Promise<never> => Promise.reject(failure('clear'));

  test('is told once, and how long all waits may take together', async () => {
    // At most 2 and 4 ms, and attempts of no time at all.
    const [most, ...others] = await told({ attempts: 3, firstDelayMs: 1 }, refused);
    expect(others).toEqual([]);
    expect(most).toBeGreaterThanOrEqual(6);
  });

  test('is never told more than all attempts have', async () => {
    const [most] = await told({ attempts: 100, budgetMs: 20 }, refused);
    expect(most).toBeLessThanOrEqual(20);
  });

  test.each<[string, Partial<Patience>, () => Promise<unknown>, boolean]>([
    ['at the first attempt it went well', {}, () => Promise.resolve('done'), true],
    ['there is but one attempt', { attempts: 1 }, refused, true],
    ['it is refused for good', {}, () => Promise.reject(failure('refused')), true],
    ['it may be done only once', {}, () => Promise.reject(failure('unclear')), false],
  ])('is told nothing where %s', async (_, change, attempt, repeatable) => {
    expect(await told(change, attempt, repeatable)).toEqual([]);
  });
});
