/** Bodies whose sha256 is known before they are signed: it is not computed again for the signature. */
import type { S3Client } from '@aws-sdk/client-s3';

/** What SigV4 signs in place of the body; the SDK takes what stands there already. */
const HEADER = 'x-amz-content-sha256';

const digests = new WeakMap<object, string>();

/**
 * The same body, to be signed with this sha256, which must be its own: a store refuses any other.
 * @param sha256 undefined if it is not known
 */
export function signedWith(body: Buffer, sha256: string | undefined): Buffer {
  if (sha256 !== undefined) digests.set(body, sha256);
  return body;
}

/** Has a client sign by what `signedWith` was told; all other bodies as ever. */
export function signByKnownDigests(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const body: unknown = 'Body' in args.input ? args.input.Body : undefined;
      const sha256 = typeof body === 'object' && body !== null ? digests.get(body) : undefined;
      if (sha256 !== undefined) {
        const { headers } = args.request as { readonly headers: Record<string, string> };
        headers[HEADER] = sha256;
      }
      return next(args);
    },
    { step: 'build', name: 'signByKnownDigests' },
  );
}
