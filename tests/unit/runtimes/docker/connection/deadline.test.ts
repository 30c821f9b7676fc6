import { getEventListeners } from 'node:events';
import { expect, it, vi } from 'vitest';
import { DeadlineError, withDeadline } from '../../../../../runtimes/docker/connection/deadline.js';

const never = (): Promise<never> => new Promise(() => undefined);

it('gives what the call gives, and leaves no timer and no listener', async () => {
  vi.useFakeTimers();
  try {
    const { signal } = new AbortController();
    expect(await withDeadline(signal, 1000, () => Promise.resolve(7))).toBe(7);
    const failure = new Error('no');
    await expect(withDeadline(signal, 1000, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

it('ends a call that never settles, and aborts the signal that it was given', async () => {
  vi.useFakeTimers();
  try {
    let inner: AbortSignal | undefined;
    const call = withDeadline(new AbortController().signal, 1500, (signal) => {
      inner = signal;
      return never();
    });
    const ended = expect(call).rejects.toThrow(new DeadlineError(1500));
    await vi.advanceTimersByTimeAsync(1499);
    expect(inner?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    expect(inner?.reason).toEqual(new DeadlineError(1500));
    expect(new DeadlineError(1500).message).toBe('no answer within 1.5 s');
  } finally {
    vi.useRealTimers();
  }
});

it('ends with the reason of the signal, not with the call’s own words for it', async () => {
  const controller = new AbortController();
  const reason = new Error('Ctrl-C');
  const call = withDeadline(
    controller.signal,
    60_000,
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      }),
  );
  controller.abort(reason);
  await expect(call).rejects.toBe(reason);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

it('makes no call for a signal that was aborted before', async () => {
  const call = vi.fn(never);
  await expect(withDeadline(AbortSignal.abort('over'), 1000, call)).rejects.toBe('over');
  expect(call).not.toHaveBeenCalled();
});
