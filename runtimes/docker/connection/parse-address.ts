/** Reads a daemon's address as DOCKER_HOST and contexts give it. */
import { RunnerError } from '../../../src/contract/errors.js';

/** How to get to a daemon, without what TLS needs. */
export type DockerAddress =
  | { readonly kind: 'unix'; readonly socketPath: string }
  | {
      readonly kind: 'tcp';
      readonly hostname: string;
      /** Undefined where none was given: it depends on TLS then. */
      readonly port: number | undefined;
      /** By the address alone, that is `https://`. */
      readonly secure: boolean;
    }
  | {
      readonly kind: 'ssh';
      readonly hostname: string;
      readonly port: number | undefined;
      readonly user: string | undefined;
      /** Of the daemon on that machine; undefined for its default. */
      readonly socketPath: string | undefined;
    };

const HINT =
  'It takes unix:///PATH, tcp://HOST:PORT, http://HOST:PORT, https://HOST:PORT and ssh://USER@HOST.';

/**
 * @param source who gave the address, for messages
 * @throws RunnerError `daemon-unreachable` with the value and what is wrong with it
 */
export function parseAddress(text: string, source: string): DockerAddress {
  const refuse = (why: string): RunnerError =>
    new RunnerError(
      'daemon-unreachable',
      `${source} is no address of a daemon: "${withoutPassword(text)}" ${why}.`,
      {
        hint: HINT,
      },
    );
  // The docker command takes an address without a scheme for TCP.
  const [, scheme = 'tcp', rest = text] = /^([a-z+.-]+):\/\/(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case 'unix':
      if (!rest.startsWith('/')) throw refuse('names no absolute path of a socket');
      return { kind: 'unix', socketPath: rest };
    case 'tcp':
    case 'http':
    case 'https':
      if (rest.startsWith('/')) throw refuse('names no host; a socket is given as unix:///PATH');
      return parseTcp(scheme.toLowerCase(), rest, refuse);
    case 'ssh':
      return parseSsh(rest, refuse);
    default:
      throw refuse(`has the unknown scheme ${scheme}://`);
  }
}

type Refuse = (why: string) => RunnerError;

function parseTcp(scheme: string, rest: string, refuse: Refuse): DockerAddress {
  // `tcp://:2375` is this machine.
  const url = parseUrl(rest.startsWith(':') ? `localhost${rest}` : rest, refuse);
  if (url.username !== '' || url.password !== '') throw refuse('names a user, which is for ssh:// only');
  if (url.pathname !== '' && url.pathname !== '/') throw refuse('has a path, which daemons do not');
  const { hostname, port } = hostOf(url);
  // http and https have ports of their own, tcp has Docker's.
  const usual = { tcp: undefined, http: 80, https: 443 }[scheme];
  return { kind: 'tcp', hostname, port: port ?? usual, secure: scheme === 'https' };
}

function parseSsh(rest: string, refuse: Refuse): DockerAddress {
  const url = parseUrl(rest, refuse);
  if (url.password !== '') throw refuse('has a password, which ssh does not take; use a key');
  const { hostname, port } = hostOf(url);
  const path = decodeURIComponent(url.pathname);
  // It is part of a command line over there.
  if (!/^[\w/.-]*$/.test(path)) throw refuse('has unusual characters in its path');
  return {
    kind: 'ssh',
    hostname,
    port,
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    socketPath: path === '' || path === '/' ? undefined : path,
  };
}

/** A scheme that URL knows nothing of: it then takes nothing away, neither default ports nor letters. */
function parseUrl(rest: string, refuse: Refuse): URL {
  let url: URL;
  try {
    url = new URL(`docker://${rest}`);
  } catch {
    const port = /:(\d+)$/.exec(rest)?.[1];
    throw refuse(port !== undefined && Number(port) > 65535 ? `has the port ${port}` : 'cannot be read');
  }
  if (url.hostname === '') throw refuse('names no host');
  if (url.search !== '' || url.hash !== '') throw refuse('has something behind its host and path');
  return url;
}

const hostOf = (url: URL): { readonly hostname: string; readonly port: number | undefined } => ({
  hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
  port: url.port === '' ? undefined : Number(url.port),
});

/** The address as messages may show it. */
export const withoutPassword = (text: string): string => text.replace(/(\/\/[^/@:]*):[^/@]*@/, '$1:…@');
