import { isIP } from 'node:net';

/**
 * The proxy for an address by the usual variables, either case, or undefined. One without a scheme is spoken to by HTTP,
 * as curl has it.
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): string | undefined {
  const variable = (name: string): string | undefined =>
    env[name.toLowerCase()] ?? env[name.toUpperCase()] ?? undefined;
  const proxy = variable(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY') ?? variable('ALL_PROXY');
  if (!proxy || isExempt(url.hostname, variable('NO_PROXY') ?? '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** NO_PROXY: `*`, or names that stand for themselves and all below them, with or without a leading dot. */
function isExempt(host: string, noProxy: string): boolean {
  return noProxy
    .split(/[\s,]+/)
    .map((name) => name.replace(/^\*?\./, '').replace(/:\d+$/, ''))
    .some((name) => name === '*' || (name !== '' && (host === name || host.endsWith(`.${name}`))));
}

/** Whether an address is of this machine, so that no proxy can lead to it. */
export function isLoopback(address: string): boolean {
  const host = new URL(address).hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1';
}
