/** The SDK's client of S3, made for many small objects. */
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describeError } from '../../common/errors.js';
import { unlessAborted } from '../../common/unless-aborted.js';
import { RunnerError } from '../../contract/errors.js';
import { viaProxy } from './http-proxy.js';
import { DEFAULT_REGION, type S3Settings } from './s3-settings.js';
import { signByKnownDigests } from './signed-body.js';

type HowToConnect = Pick<S3Settings, 'client' | 'credentialsHandler' | 'httpProxy'>;

/**
 * Where nothing names a region, not even a profile, it is that of boto3.
 *
 * With `cacheMiddleware` the SDK puts the steps of a command together once, and not for each request. It does so only
 * for requests without options, of which the signal is one: `askS3` hands that over on another way. All requests of a
 * command then share a context, in which the SDK keeps where a bucket was found to lie: a client is for one bucket only.
 * @throws RunnerError `bad-config` for a region that cannot be one
 */
export async function connectTo(settings: HowToConnect): Promise<S3Client> {
  const { client: config } = settings;
  // Its version is pinned here: which Node later ones need is nothing that a user can act on.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const requestHandler = new SignalledHandler(settings);
  const client = new S3Client({ ...config, requestHandler, cacheMiddleware: true });
  endWithSignal(client);
  signByKnownDigests(client);
  markRequests(client);
  try {
    await client.config.region();
    return client;
  } catch (error) {
    client.destroy();
    if (config.region !== undefined || !isMissing(error)) throw badRegion(error);
    return connectTo({ ...settings, client: { ...config, region: DEFAULT_REGION } });
  }
}

/** The SDK has no other mark for it. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Region is missing';

const badRegion = (error: unknown): RunnerError =>
  new RunnerError(
    'bad-config',
    `The region of S3 cannot be used: ${describeError(error).replace(/\.$/, '')}.`,
    {
      cause: error,
      hint: 'Correct AWS_REGION (or AWS_DEFAULT_REGION), or the region of the profile in ~/.aws/config: eu-west-1.',
    },
  );

const signals = new AsyncLocalStorage<AbortSignal>();

/** Whatever is asked of a client of `connectTo` meanwhile ends when the signal says so. */
export const askS3 = <T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> => signals.run(signal, ask);

/** A request ends while the SDK waits to try it again, too: what it then leaves behind sends nothing any more. */
function endWithSignal(client: S3Client): void {
  client.middlewareStack.add((next) => (args) => unlessAborted(signalOfRequest(), () => next(args)), {
    step: 'initialize',
    name: 'endWithSignal',
  });
}

function signalOfRequest(): AbortSignal {
  const signal = signals.getStore();
  if (signal !== undefined) return signal;
  throw new TypeError('S3 was asked outside of askS3: nothing could end that.');
}

/** What the clients send themselves. */
const ownRequests = new WeakSet<object>();

/** Seen last before it is sent. */
function markRequests(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      ownRequests.add(args.request as object);
      return next(args);
    },
    { step: 'deserialize', name: 'markRequests', priority: 'low' },
  );
}

/**
 * Sends what a client asks. The SDK's clients of STS and its kin, which fetch credentials for it, take over this handler;
 * but the proxy of the store, and that its certificate may be of anybody, are not for them.
 */
class SignalledHandler extends NodeHttpHandler {
  readonly #httpProxy: URL | undefined;
  readonly #ofCredentials: NodeHttpHandler;

  constructor({ client, credentialsHandler, httpProxy }: HowToConnect) {
    super(client.requestHandler);
    this.#httpProxy = httpProxy;
    this.#ofCredentials = new NodeHttpHandler(credentialsHandler);
  }

  override handle(
    ...[request, options]: Parameters<NodeHttpHandler['handle']>
  ): ReturnType<NodeHttpHandler['handle']> {
    const signalled = { ...options, abortSignal: signalOfRequest() };
    return ownRequests.has(request)
      ? super.handle(viaProxy(request, this.#httpProxy), signalled)
      : this.#ofCredentials.handle(request, signalled);
  }

  override destroy(): void {
    super.destroy();
    this.#ofCredentials.destroy();
  }
}
