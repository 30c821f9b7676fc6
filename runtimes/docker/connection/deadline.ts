/** Bounds for calls that a daemon may never answer: a stalled stream can block it, a cut connection can go unnoticed. */

/** A call was given up: whether it was done is not known. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  constructor(readonly ms: number) {
    super(`no answer within ${ms / 1000} s`);
  }
}

/**
 * Makes a call that settles within `ms`, whatever the other side does. The signal that the call is given is aborted
 * when the time is up or `signal` is: its connection is then closed.
 * @throws DeadlineError when the time is up; the signal's reason when it is aborted; else what the call throws
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const cancel = (): void => controller.abort(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  const timer = setTimeout(() => controller.abort(new DeadlineError(ms)), ms);
  // Not left to the call: some never settle once their connection is gone.
  const aborted = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), {
      once: true,
    });
  });
  try {
    return await Promise.race([call(controller.signal), aborted]);
  } catch (error) {
    // The call's own words for it, such as AbortError, say less.
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}
