import { z } from 'zod';
import { describeError, errnoOf } from '../../common/errors.js';
import type { ErrorCode } from '../../contract/errors.js';
import { TrackingFailure, type Clarity } from '../mlflow/failure.js';

/** What S3, and what only looks like it, says if these credentials do not do. */
const FORBIDDEN = new Set([
  'AccessDenied',
  'AccountProblem',
  'AllAccessDisabled',
  'ExpiredToken',
  'Forbidden',
  'InvalidAccessKeyId',
  'InvalidToken',
  'NotSignedUp',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
]);
/** The request has come to the wrong region, or was signed for it. */
const WRONG_REGION = new Set([
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'PermanentRedirect',
]);
const CLOCK = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);
/** 4xx answers that another attempt may change. */
const PASSING = new Set([
  'BadDigest',
  'IncompleteBody',
  'NoSuchUpload',
  'OperationAborted',
  'RequestTimeout',
  'SlowDown',
  'XAmzContentSHA256Mismatch',
]);

const answerSchema = z.object({ $metadata: z.object({ httpStatusCode: z.int() }) });

/**
 * What an S3 client threw, as what it means. The client's own error is not kept: it holds the answer, and S3 repeats in
 * it the session token or what was signed with it.
 * @param store for messages
 * @param what was being done: `put model/tfjs/model.json`
 */
export function s3Failure(store: string, what: string, error: unknown): TrackingFailure {
  const name = error instanceof Error ? error.name : '';
  const status = answerSchema.safeParse(error).data?.$metadata.httpStatusCode;
  // An answer without a body, as to HEAD, leaves a name that says nothing.
  const words = describeError(error).replace(/\.$/, '');
  const said = [name, words].filter((part) => part !== '' && part !== 'Error').join(': ');
  const errno = errnoOf(error);
  const cause = Object.assign(new Error(said), errno === undefined ? {} : { code: errno });
  const fail = (code: ErrorCode, message: string, options: { hint?: string; clarity?: Clarity } = {}) =>
    new TrackingFailure(code, message, { clarity: 'refused', status, cause, ...options });

  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return fail('artifact-store-forbidden', `There are no credentials for ${store}: ${words}.`, {
      hint: 'Give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; then `runner sync`.',
    });
  }
  if (name === 'NoSuchBucket') return fail('bucket-missing', `${store} has no such bucket: ${said}.`);
  if (CLOCK.has(name)) {
    return fail('clock-skewed', `${store} finds the time of this machine too far from its own: ${said}.`);
  }
  if (WRONG_REGION.has(name)) {
    return fail('artifact-store-forbidden', `${store} is in another region: ${said}.`, {
      hint: "Set AWS_REGION to the bucket's region; then `runner sync`.",
    });
  }
  if (FORBIDDEN.has(name) || status === 401 || status === 403) {
    return fail('artifact-store-forbidden', `${store} does not allow to ${what}: ${said}.`);
  }
  if (status === undefined || status < 400) {
    const why = errno === undefined || words.includes(errno) ? said : `${errno}: ${words}`;
    return fail('artifact-store-unreachable', `${store} cannot be reached to ${what}: ${why}.`, {
      clarity: 'unclear',
    });
  }
  if (status >= 500 || status === 408 || status === 429 || PASSING.has(name)) {
    return fail('artifact-store-unreachable', `${store} could not ${what}: ${status} ${said}.`, {
      clarity: 'unclear',
    });
  }
  return fail('tracking-refused', `${store} refused to ${what}: ${status} ${said}.`);
}
