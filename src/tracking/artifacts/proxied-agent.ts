import { HttpsProxyAgent } from 'https-proxy-agent';
import { Agent, type AgentOptions } from 'node:https';
import { connect, type ConnectionOptions } from 'node:tls';
import { proxyFor } from '../../common/proxy.js';
import { badProxy, forStores, storeProxy } from './http-proxy.js';

/**
 * Connections over TLS: through the proxy that HTTPS_PROXY names, but for this machine and the hosts of NO_PROXY. boto3
 * heeds these variables, the SDK for JavaScript does not. Which host is asked is known only with the request: that of
 * AWS is made of bucket and region.
 * @throws RunnerError `bad-config` if the variable holds no address
 */
export function proxiedAgent(env: NodeJS.ProcessEnv, options: AgentOptions): Agent | ProxiedAgent {
  const heeded = forStores(env);
  const proxy = proxyFor(new URL('https://s3.amazonaws.com'), { ...heeded, NO_PROXY: '', no_proxy: '' });
  if (proxy === undefined) return new Agent(options);
  if (URL.canParse(proxy)) return new ProxiedAgent(proxy, env, options);
  const hint = 'Correct HTTPS_PROXY (or ALL_PROXY, in either case), or unset it.';
  throw badProxy('HTTPS_PROXY', 'it is no address', hint);
}

type Connect = HttpsProxyAgent<string>['connect'];

class ProxiedAgent extends HttpsProxyAgent<string> {
  readonly #env: NodeJS.ProcessEnv;
  /** Of the agent, as its base class keeps none. */
  readonly #options: AgentOptions;

  constructor(proxy: string, env: NodeJS.ProcessEnv, options: AgentOptions) {
    super(proxy, options);
    this.#env = env;
    this.#options = options;
  }

  override async connect(...[request, options]: Parameters<Connect>): ReturnType<Connect> {
    const host = String(options.host);
    const address = `https://${host.includes(':') ? `[${host}]` : host}`;
    const isDirect = storeProxy(address, this.#env) === undefined;
    const all = { ...options, ...this.#options } as typeof options;
    return isDirect ? connect(all as ConnectionOptions) : super.connect(request, all);
  }
}
