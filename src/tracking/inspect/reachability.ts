/** Why nobody answered at an address, from what Node or a failure of ours says. */
import { errnoOf } from '../../common/errors.js';

export type Silence =
  /** The host's name leads nowhere. */
  | 'unknown-name'
  /** There is such a host, and nothing listens. */
  | 'refused'
  /** The certificate, or TLS itself. */
  | 'tls'
  /** No answer in time, a broken connection, and whatever else. */
  | 'other';

const UNKNOWN_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN']);

/** Of an error, or of the cause of one that was worded already. */
export function silenceOf(error: unknown): Silence {
  const code = errnoOf(error instanceof Error && error.cause !== undefined ? error.cause : error) ?? '';
  if (UNKNOWN_NAME.has(code)) return 'unknown-name';
  if (code === 'ECONNREFUSED') return 'refused';
  return /CERT|TLS|SSL|UNABLE_TO_|^EPROTO$/.test(code) ? 'tls' : 'other';
}

/** What to do about a name that leads nowhere: nearly always, one looks from outside of the stack's network. */
export const unknownName = (host: string): string =>
  `Names of a compose stack's services, such as ${host}, are known on its network alone: start that service, and run in a container of the stack, or give the address under which this machine knows it (http://localhost:…).`;
