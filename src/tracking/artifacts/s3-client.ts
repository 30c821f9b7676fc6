/** The SDK's client of S3, made for many small objects. */
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AsyncLocalStorage } from 'node:async_hooks';
import { DEFAULT_REGION, type S3Settings } from './s3-settings.js';

/**
 * Where nothing names a region, not even a profile, it is that of boto3.
 *
 * With `cacheMiddleware` the SDK puts the steps of a command together once, and not for each request. It does so only
 * for requests without options, of which the signal is one: `askS3` hands that over on another way. All requests of a
 * command then share a context, in which the SDK keeps where a bucket was found to lie: a client is for one bucket only.
 */
export async function connectTo({ client: config }: Pick<S3Settings, 'client'>): Promise<S3Client> {
  // Its version is pinned here: which Node later ones need is nothing that a user can act on.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const requestHandler = new SignalledHandler(config.requestHandler);
  const client = new S3Client({ ...config, requestHandler, cacheMiddleware: true });
  if (config.region !== undefined) return client;
  try {
    await client.config.region();
    return client;
  } catch {
    client.destroy();
    return connectTo({ client: { ...config, region: DEFAULT_REGION } });
  }
}

const signals = new AsyncLocalStorage<AbortSignal>();

/** Whatever is asked of a client of `connectTo` meanwhile ends when the signal says so. */
export const askS3 = <T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> => signals.run(signal, ask);

class SignalledHandler extends NodeHttpHandler {
  override handle(
    ...[request, options]: Parameters<NodeHttpHandler['handle']>
  ): ReturnType<NodeHttpHandler['handle']> {
    const abortSignal = signals.getStore();
    if (abortSignal === undefined)
      throw new TypeError('S3 was asked outside of askS3: nothing could end that.');
    return super.handle(request, { ...options, abortSignal });
  }
}
