/** A request that brought no answer, or half of one. */
import { describeError, errnoOf } from '../../common/errors.js';
import { type Speaker, TrackingFailure } from './failure.js';

/** Nothing had been sent: there was no connection. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
]);
const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  ERR_BAD_RESPONSE: 'the answer broke off',
  ETIMEDOUT: 'there was no answer in time',
  ECONNABORTED: 'there was no answer in time',
};

/**
 * Made of Axios' or Node's error, which is not kept: it holds the request with its headers.
 * @param what was asked, as an infinitive: `create the run`
 */
export function failureOfError(from: Speaker, what: string, error: unknown): TrackingFailure {
  const code = errnoOf(error) ?? '';
  const said = from.redact(describeError(error));
  const cause = Object.assign(new Error(said), code === '' ? {} : { code });
  if (isPlain(code, said)) {
    return new TrackingFailure(
      'tracking-unreachable',
      `Cannot ${what} at ${from.baseUrl}: what answers there does not speak TLS (${code}).`,
      {
        ...{ clarity: 'refused', cause },
        hint: `If the server has no TLS, write ${from.baseUrl.replace(/^https:/, 'http:')}; then \`runner sync\`.`,
      },
    );
  }
  if (isTls(code, said)) {
    return new TrackingFailure(
      'tracking-unreachable',
      `Cannot ${what} at ${from.baseUrl}: ${said} (${code}).`,
      {
        ...{ clarity: 'refused', cause },
        hint: tlsHint(code),
      },
    );
  }
  const known = WHY[code];
  const why = known === undefined ? said : `${known} (${code})`;
  return new TrackingFailure('tracking-unreachable', `Cannot ${what} at ${from.baseUrl}: ${why}.`, {
    clarity: NOT_CONNECTED.has(code) ? 'clear' : 'unclear',
    cause,
  });
}

/** There was no answer within the time for all attempts together. */
export const noAnswer = (from: Speaker, what: string, ms: number): TrackingFailure =>
  new TrackingFailure(
    'tracking-unreachable',
    `Cannot ${what} at ${from.baseUrl}: no answer within ${ms / 1000} s.`,
    {
      clarity: 'unclear',
    },
  );

/** OpenSSL has read the length of a record, or its version, out of plain text. */
const isPlain = (code: string, said: string): boolean =>
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/.test(code) ||
  (code === 'EPROTO' && /wrong version number|packet length too long/i.test(said));

const isTls = (code: string, said: string): boolean =>
  /CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_/.test(code) || (code === 'EPROTO' && /ssl/i.test(said));

const tlsHint = (code: string): string =>
  code === 'EPROTO' || code.startsWith('ERR_SSL')
    ? 'Check whether the server speaks https at that address, and which client certificate it wants; then `runner sync`.'
    : 'Name the authority that signed its certificate in MLFLOW_TRACKING_SERVER_CERT_PATH; then `runner sync`.';
