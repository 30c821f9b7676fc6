/** One request to a signed address. The address is a secret: it stands in no message. */
import pRetry, { AbortError } from 'p-retry';
import { describeError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';

/** About half a minute altogether, which is what a pod that is asked to end has. */
const RETRIES = { retries: 5, minTimeout: 500, factor: 2, maxTimeout: 10_000 };
/** Of one try: 2 GiB pass in it at 4 MB/s. */
const ANSWER_MS = 600_000;
/** 4xx answers that another try may change. */
const PASSING = [408, 425, 429];

/**
 * @param what for messages: `get plan.json`
 * @param take reads the answer; what it throws makes another try, too
 * @throws RunnerError `storage-unreachable`, or `storage-refused` with the status; the signal's reason
 */
export async function request<T>(
  what: string,
  url: string,
  options: Omit<RequestInit, 'signal'> & { readonly signal?: AbortSignal | undefined },
  take: (response: Response) => Promise<T>,
): Promise<T> {
  const { signal, ...init } = options;
  const once = async (): Promise<T> => {
    const limit = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit });
    if (response.ok) return take(response);
    await response.body?.cancel();
    const message = `The store would not ${what}: HTTP ${response.status}.`;
    if (response.status >= 500 || PASSING.includes(response.status)) throw new Error(message);
    throw new AbortError(new RunnerError('storage-refused', message));
  };
  try {
    return await pRetry(once, { ...RETRIES, ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RunnerError) throw error;
    const cause = error instanceof Error && error.cause !== undefined ? describeError(error.cause) : '';
    const why = [describeError(error).replace(/\.$/, ''), cause].filter(Boolean).join(': ');
    throw new RunnerError('storage-unreachable', `The trainer could not ${what}: ${why}.`);
  }
}
