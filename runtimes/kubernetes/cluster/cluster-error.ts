/** What a cluster, or the way to it, says when it does not do what it is asked, as what it means. */
import { z } from 'zod';
import { describeError } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';

/** The client's ApiException, whichever copy of the client it is of; the body is text or a Status object. */
const answerSchema = z.object({ code: z.int(), body: z.unknown() });
const statusSchema = z.object({ message: z.string() });

const codeOf = (error: unknown): number | undefined => answerSchema.safeParse(error).data?.code;

export const isCode = (error: unknown, code: number): boolean => codeOf(error) === code;

export interface Asked {
  readonly server: string;
  readonly namespace: string;
  /** As RBAC names it: `create jobs`. */
  readonly what: string;
}

/** @returns RunnerError `cluster-unreachable`, `cluster-forbidden` or `cluster-failed` with the cluster's own words */
export function toClusterError(error: unknown, { server, namespace, what }: Asked): RunnerError {
  if (error instanceof RunnerError) return error;
  const code = codeOf(error);
  if (code === undefined) {
    const why = describeError(error).replace(/\.$/, '');
    return new RunnerError('cluster-unreachable', `The cluster at ${server} cannot be reached: ${why}.`, {
      cause: error,
    });
  }
  const words = wordsOf(error);
  if (code === 401 || code === 403) {
    return new RunnerError(
      'cluster-forbidden',
      `The cluster at ${server} does not allow to ${what} in the namespace ${namespace}: ${words}.`,
      { cause: error },
    );
  }
  // A server that is just starting, ending or overloaded.
  if (code === 429 || code >= 500) {
    return new RunnerError(
      'cluster-unreachable',
      `The cluster at ${server} could not ${what}: ${code} ${words}.`,
      {
        cause: error,
      },
    );
  }
  return new RunnerError('cluster-failed', `The cluster at ${server} would not ${what}: ${code} ${words}.`, {
    cause: error,
  });
}

/** Of a Status, its message; it comes as an object or as the text of one. */
function wordsOf(error: unknown): string {
  const body = answerSchema.safeParse(error).data?.body;
  const known = statusSchema.safeParse(typeof body === 'string' ? parseJson(body) : body).data?.message;
  return (known ?? (typeof body === 'string' && body !== '' ? body : 'without a word'))
    .trim()
    .replace(/\.$/, '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isAway = (error: unknown): boolean =>
  error instanceof RunnerError && error.code === 'cluster-unreachable';
