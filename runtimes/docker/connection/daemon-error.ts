/** What a failed request to the daemon means. */
import { describeError, errnoOf, isErrno, toRunnerError } from '../../../src/common/errors.js';
import { type ErrorCode, RunnerError } from '../../../src/contract/errors.js';
import type { DaemonConnection } from './connection.js';
import { DeadlineError } from './deadline.js';

/** Named by dockerode for every answer that is none of those expected. */
interface StatusError extends Error {
  readonly statusCode: number;
  readonly json?: unknown;
}

/** Whether the daemon answered with one of these HTTP statuses. */
export const isStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  isStatusError(error) && statuses.includes(error.statusCode);

const isStatusError = (error: unknown): error is StatusError =>
  error instanceof Error && typeof (error as Partial<StatusError>).statusCode === 'number';

/** System errors of a connection that could not be made or that broke. */
const LOST = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN'],
  ...['ENETUNREACH', 'ENETDOWN', 'ENOTFOUND', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE'],
];
/** A proxy's words for a daemon that is not there. */
const GATEWAY = [502, 503, 504];

/**
 * Whether the connection could not be made, broke, or stayed silent: it is not known whether the request was carried
 * out, and the daemon may be back in a while.
 */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof DeadlineError || isStatus(error, ...GATEWAY)) return true;
  // The socket's file, not any file.
  if (isErrno(error, 'ENOENT')) return (error as NodeJS.ErrnoException).syscall === 'connect';
  return isErrno(error, ...LOST) || isSshError(error);
}

/** By name: its module is loaded only where ssh is used. */
const isSshError = (error: unknown): boolean => error instanceof Error && error.name === 'SshError';
const SSH_HINT =
  'Check that `ssh HOST docker version` works from here without a question: keys, known hosts, Docker over there.';

/** Codes of Node and OpenSSL for a TLS connection that failed. */
const TLS_CODE = /^(ERR_(TLS|SSL|OSSL)_|CERT_|EPROTO$|(DEPTH_ZERO_)?SELF_SIGNED|UNABLE_TO_)/;
const TLS_HINT =
  'Check DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or the certificates of the docker context, against the daemon’s.';

interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
}

/** What the daemon's own words mean, where the status alone does not tell. The first that fits counts. */
const WORDS: readonly (readonly [words: RegExp, meaning: Meaning])[] = [
  [/no such image/i, { code: 'image-missing' }],
  [/could not select device driver|unknown runtime specified nvidia/i, { code: 'gpu-unavailable' }],
  // Of the toolkit's hook (libnvidia-container, src/cli): an id of no card, and an image that asks for a newer CUDA.
  [/nvidia-container-cli: device error: .*unknown device/i, { code: 'gpu-unknown' }],
  [/nvidia-container-cli: requirement error/i, { code: 'gpu-driver-too-old' }],
  [/\bCDI\b.*(device|inject)|nvidia-container-(cli|runtime)/i, { code: 'gpu-unavailable' }],
  [/no space left on device|disk quota exceeded/i, { code: 'disk-full' }],
  [
    /range of cpus/i,
    { code: 'bad-spec', hint: 'Give --cpus (without it: as many as --threads) no more than the daemon has.' },
  ],
  [/minimum memory limit|minimum memory reservation|less than the minimum/i, { code: 'limit-too-low' }],
  [/name .* is already in use by container/i, { code: 'container-conflict' }],
  [/client version [\d.]+ is too new/i, { code: 'daemon-too-old' }],
  [/HTTP request to an HTTPS server/i, { code: 'daemon-unreachable', hint: TLS_HINT }],
];

/**
 * What was thrown by a request to the daemon, as an error for the user. Errors of other kinds become what they are
 * anywhere else (`toRunnerError`).
 * @param what what the request was about, e.g. `container runner-…`
 */
export function toDaemonError(
  error: unknown,
  { address, source }: Pick<DaemonConnection, 'address' | 'source'>,
  what: string,
): RunnerError {
  if (error instanceof RunnerError) return error;
  const daemon = `the Docker daemon at ${address} (${source})`;
  if (isStatusError(error)) return ofStatus(error, daemon, what);
  const words = wordsOf(error);
  if (isErrno(error, 'EACCES', 'EPERM') && (error as NodeJS.ErrnoException).syscall === 'connect') {
    return new RunnerError('daemon-forbidden', `This user may not use ${daemon}: ${words}.`, {
      cause: error,
    });
  }
  const isTls = TLS_CODE.test(errnoOf(error) ?? '');
  // HPE_…: it speaks, but not HTTP.
  if (!isConnectionLost(error) && !isTls && errnoOf(error)?.startsWith('HPE_') !== true) {
    return toRunnerError(error);
  }
  const message = `No answer about ${what} from ${daemon}: ${words}.`;
  const hint = isTls ? TLS_HINT : isSshError(error) ? SSH_HINT : undefined;
  return new RunnerError('daemon-unreachable', message, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

function ofStatus(error: StatusError, daemon: string, what: string): RunnerError {
  const { statusCode } = error;
  const words = wordsOf(error);
  const answer = `${words} (HTTP ${statusCode})`;
  const meaning = WORDS.find(([pattern]) => pattern.test(words))?.[1];
  if (meaning !== undefined) {
    const { code, ...hint } = meaning;
    return new RunnerError(code, `${upper(daemon)} says of ${what}: ${answer}.`, { cause: error, ...hint });
  }
  if (statusCode === 401 || statusCode === 403) {
    // The daemon itself never says so; something before it does.
    const hint = 'A proxy or an authorization plugin refuses the request: ask who runs the daemon.';
    return new RunnerError('daemon-forbidden', `${upper(daemon)} refuses ${what}: ${answer}.`, {
      ...{ cause: error, hint },
    });
  }
  const code = GATEWAY.includes(statusCode) ? 'daemon-unreachable' : 'daemon-failed';
  return new RunnerError(code, `${upper(daemon)} says of ${what}: ${answer}.`, { cause: error });
}

/** Without dockerode's additions, nor a full stop at the end. */
function wordsOf(error: unknown): string {
  const { json } = error as Partial<StatusError>;
  const told = (json as { readonly message?: unknown } | null | undefined)?.message;
  const words =
    typeof told === 'string' ? told : messageOf(error).replace(/^\(HTTP code \d+\) .*? - (?=\S)/, '');
  return words.trim().replace(/\.$/, '');
}

/** Connecting to a name of several addresses fails once for each. */
function messageOf(error: unknown): string {
  if (!(error instanceof AggregateError)) return describeError(error);
  return [...new Set(error.errors.map(describeError))].join('; ');
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
