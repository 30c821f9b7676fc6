/** The address of a tracking server as the user gives it. */
import { RunnerError } from '../../contract/errors.js';

export interface TrackingUri {
  /** `https://host:port/prefix`: without credentials, query or final slash. Safe to show. */
  readonly baseUrl: string;
  /** From `user:password@`; undefined without. */
  readonly login: { readonly username: string; readonly password: string } | undefined;
}

const SCHEMES = ['http:', 'https:'];

/** Of `https://me:1/b@host` a parser takes `me:1` for the host and the rest for a path: half a password, to be spoken of. */
const LATE_LOGIN = /^https?:\/\/[^/\\?#]*[/\\?#].*@/is;
const OF_ESCAPES =
  'In a user name or a password write / as %2F, \\ as %5C, ? as %3F and # as %23; in a path write @ as %40.';

/**
 * Takes an address apart. What stands before the `@` never goes into a message.
 * @throws RunnerError `bad-tracking-uri`
 */
export function parseTrackingUri(text: string): TrackingUri {
  const trimmed = text.trim();
  if (LATE_LOGIN.test(trimmed)) throw bad(trimmed, 'it has a /, \\, ? or # before its last @', OF_ESCAPES);
  const url = URL.canParse(trimmed) ? new URL(trimmed) : null;
  // MLflow's client takes the bare word `databricks` too.
  const scheme = /^(?:([a-z][a-z0-9+.-]*):|(databricks)$)/i
    .exec(trimmed)
    ?.slice(1)
    .find(Boolean)
    ?.toLowerCase();
  if (scheme === undefined || isHostAndPort(trimmed, scheme)) {
    const hint = isFolder(trimmed) ? OF_A_STORE : `Write http://${withoutLogin(trimmed)} or https://….`;
    throw bad(trimmed, 'it has no scheme', hint);
  }
  if (!SCHEMES.includes(`${scheme}:`)) {
    throw bad(
      trimmed,
      `runner speaks to MLflow servers over http and https only, not ${scheme}`,
      remedyFor(scheme),
    );
  }
  // An empty host or user would be mended by the parser: `http:///x` reads as host x.
  if (url === null || !/^https?:\/\/[^/]/i.test(trimmed)) throw bad(trimmed, 'it is no valid address');
  const { username, password } = url;
  const baseUrl = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
  if (url.search !== '' || url.hash !== '') throw withTail(trimmed, url, baseUrl);
  return {
    baseUrl,
    login: username === '' && password === '' ? undefined : decodeLogin(trimmed, username, password),
  };
}

/** As copied from a browser: shown whole, but for the values of parameters, which may be credentials. */
function withTail(text: string, { search, hash }: URL, baseUrl: string): RunnerError {
  const [part, mark] = search === '' ? ['fragment', '#'] : ['query', '?'];
  const tail = `${search}${hash}`.replace(/=[^&#]*/g, '=…');
  return bad(text, `it has a ${part}`, `Leave out everything from ${mark} on: ${baseUrl}`, tail);
}

/** `localhost:5000` reads like a scheme. */
const isHostAndPort = (text: string, scheme: string): boolean =>
  /^\d+(\/|$)/.test(text.slice(scheme.length + 1));

function decodeLogin(text: string, username: string, password: string): TrackingUri['login'] {
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    // The URIError would only say "URI malformed".
    throw bad(text, 'its user name or password has a % that begins no escape', 'Write % as %25.');
  }
}

/** What MLflow itself takes for a folder, such as `./mlruns`. */
const isFolder = (text: string): boolean => /^[./~\\]|^mlruns$/.test(text);

const OF_A_STORE =
  'Start a server over that store (`mlflow server --backend-store-uri …`, or `runner ui`) and give its address.';

const remedyFor = (scheme: string): string | undefined =>
  scheme === 'databricks' || scheme === 'uc'
    ? 'Databricks has an authentication of its own that runner does not have: give an MLflow server.'
    : ['file', 'sqlite', 'postgresql', 'mysql', 'mssql'].includes(scheme)
      ? OF_A_STORE
      : undefined;

/** An address, good or bad, as it may be shown: whatever stands before its last `@` may be of a password. */
export const withoutLogin = (text: string): string => text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1');

/** @param tail what is shown of a query and a fragment */
function bad(text: string, why: string, hint?: string, tail = ''): RunnerError {
  const shown = withoutLogin(text).replace(/[?#].*$/s, '') + tail;
  return new RunnerError(
    'bad-tracking-uri',
    `Not a tracking server's address: ${JSON.stringify(shown)}: ${why}.`,
    hint === undefined ? {} : { hint },
  );
}
