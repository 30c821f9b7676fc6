/** What a request came to that brought no good answer: told apart once, here, for the tracking server and its proxy. */
import { RunnerError, type ErrorCode } from '../../contract/errors.js';
import type { Answer } from './http.js';

/**
 * Whether a request may have done its work all the same.
 * - `refused`: the server has said no and will again;
 * - `clear`: nothing was taken, so that even what must be done only once may be tried again;
 * - `unclear`: it may have been taken: only what may be done twice may be tried again.
 */
export type Clarity = 'refused' | 'clear' | 'unclear';

interface Facts {
  readonly clarity: Clarity;
  readonly status?: number | undefined;
  /** MLflow's `error_code`: `RESOURCE_DOES_NOT_EXIST`. */
  readonly serverCode?: string | undefined;
  /** What the server asks to wait. */
  readonly retryAfterMs?: number | undefined;
  readonly hint?: string | undefined;
  /** Must be free of the request: Axios' own errors hold its headers. */
  readonly cause?: unknown;
}

/** A RunnerError that says besides whether to try again. Its texts hold no credentials. */
export class TrackingFailure extends RunnerError {
  readonly clarity: Clarity;
  readonly status: number | undefined;
  readonly serverCode: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, { hint, cause, ...facts }: Facts) {
    super(code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(cause === undefined ? {} : { cause }),
    });
    this.clarity = facts.clarity;
    this.status = facts.status;
    this.serverCode = facts.serverCode;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** Whose words are put into a failure. */
export interface Speaker {
  readonly baseUrl: string;
  /** Takes credentials out of somebody else's text. */
  redact(text: string): string;
}

/** Statuses after which MLflow's own client tries again. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);
const NOT_TAKEN = new Set([429]);

/**
 * An answer that is not 2xx.
 * @param what was asked, as an infinitive: `create the run`
 */
export function failureOfAnswer(from: Speaker, what: string, answer: Answer): TrackingFailure {
  const { status } = answer;
  const words = wordsOf(answer);
  const said = words.text === '' ? '' : `: ${from.redact(words.text)}`;
  const facts = { status, serverCode: words.serverCode, retryAfterMs: retryAfter(answer) };
  const fail = (code: ErrorCode, message: string, rest: Partial<Facts> = {}): TrackingFailure =>
    new TrackingFailure(code, `${from.baseUrl} ${message}`, { clarity: 'refused', ...facts, ...rest });

  if (status >= 300 && status < 400) return redirected(fail, from, answer);
  if (status === 401) return fail('tracking-forbidden', `wants other credentials to ${what} (401)${said}.`);
  if (status === 403 && /Invalid Host header/i.test(answer.body)) {
    return fail('tracking-forbidden', `does not take requests under that name (403)${said}.`, {
      hint: `Start the server with \`--allowed-hosts ${new URL(from.baseUrl).host}\` (or MLFLOW_SERVER_ALLOWED_HOSTS): it replaces the default list; then \`runner sync\`.`,
    });
  }
  if (status === 403) return fail('tracking-forbidden', `does not let this user ${what} (403)${said}.`);
  if (isServingDisabled(answer)) {
    return fail('artifact-store-unsupported', `serves no artifacts (503)${said}.`, {
      hint: 'Start the server with `--serve-artifacts`, or give its experiments an artifact root of their own (s3://…); then `runner sync`.',
    });
  }
  if (status === 407) {
    return fail('tracking-unreachable', `is behind a proxy that wants credentials (407)${said}.`, {
      hint: 'Put them into the address of the proxy (HTTPS_PROXY, HTTP_PROXY: http://user:password@host:port); then `runner sync`.',
    });
  }
  if (status === 404 && words.serverCode === undefined) {
    return fail('tracking-refused', `has no MLflow API to ${what} (404)${said}.`, {
      hint: 'Check the address: host, port and the path before /api.',
    });
  }
  if (status === 413) {
    return fail('tracking-refused', `refused to ${what} (413)${said}.`, {
      hint: 'What stands before the server limits the size of a request: raise that (nginx: `client_max_body_size`), or give its experiments an artifact root of their own (s3://…); then `runner sync`.',
    });
  }
  // Again would be the same to the database.
  if (isIntegrityFailure(words.text)) return fail('tracking-refused', `did not ${what} (${status})${said}.`);
  if (!PASSING.has(status)) return fail('tracking-refused', `refused to ${what} (${status})${said}.`);
  const clarity = NOT_TAKEN.has(status) ? 'clear' : 'unclear';
  const own = status === 500 && words.serverCode !== undefined;
  return fail(own ? 'tracking-refused' : 'tracking-unreachable', `could not ${what} (${status})${said}.`, {
    clarity,
  });
}

function redirected(
  fail: (code: ErrorCode, message: string, rest?: Partial<Facts>) => TrackingFailure,
  from: Speaker,
  { status, headers }: Answer,
): TrackingFailure {
  // Credentials go to the host that the user has named and to no other, and a POST that is redirected becomes a GET.
  const location = headers.location ?? '';
  const target = URL.canParse(location, `${from.baseUrl}/`)
    ? new URL(location, `${from.baseUrl}/`)
    : undefined;
  const shown = target === undefined ? '' : ` to ${from.redact(target.origin + target.pathname)}`;
  return fail('tracking-refused', `redirects${shown} (${status}), which is not followed.`, {
    hint: 'Give the address that it redirects to as the tracking URI, if it is the server; a login page is not.',
  });
}

const isServingDisabled = ({ status, body }: Answer): boolean =>
  status === 503 && /Artifact serving is disabled|running with `--no-serve-artifacts`/i.test(body);

/** Something is there already, in the words of the databases. */
const isIntegrityFailure = (text: string): boolean =>
  /IntegrityError|UniqueViolation|UNIQUE constraint|duplicate (key|entry)/i.test(text);

/** Whether the server has choked on something that it has already. */
export const isAlreadyThere = (error: unknown): error is TrackingFailure =>
  error instanceof TrackingFailure && error.clarity === 'refused' && isIntegrityFailure(error.message);

/** The words of whoever answered: MLflow's JSON, FastAPI's `detail`, the title of a proxy's page, or plain text. */
function wordsOf({ body }: Answer): { readonly text: string; readonly serverCode?: string } {
  const json = parseObject(body);
  if (json !== undefined) {
    const { error_code: code, message, detail } = json;
    const text = typeof message === 'string' ? message : detail === undefined ? '' : asText(detail);
    return { text: oneLine(text), ...(typeof code === 'string' ? { serverCode: code } : {}) };
  }
  // Not by the content type: Flask calls its plain texts HTML too.
  if (/^\s*</.test(body)) return { text: oneLine(/<title[^>]*>([^<]*)/i.exec(body)?.[1] ?? '') };
  return { text: oneLine(body) };
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON is one of the answers to be told apart.
    return undefined;
  }
}

export const isHtml = (headers: Answer['headers'], body: string): boolean =>
  /\bhtml\b/i.test(headers['content-type'] ?? '') || /^\s*<(!doctype|html)/i.test(body);

/** SQLAlchemy's messages have a line for each of statement, parameters and background: the first says what it is. */
function oneLine(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0] ?? '';
  return (line.length > 500 ? `${line.slice(0, 500)}…` : line).replace(/[.:\s]+$/, '');
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfter({ headers }: Answer): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - dateOf(headers);
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** By the server's own clock, where it tells it. */
function dateOf(headers: Answer['headers']): number {
  const date = Date.parse(headers.date ?? '');
  return Number.isNaN(date) ? Date.now() : date;
}
