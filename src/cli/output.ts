/** The one place that words results and failures: JSON or text on stdout, failures for people on stderr. */
import { inspect } from 'node:util';
import { toRunnerError } from '../common/errors.js';
import { toJson } from '../common/json.js';
import type { Logger } from '../common/logger.js';
import type { RunnerError } from '../contract/errors.js';
import { printable } from '../report/printable.js';
import type { CliIo } from './io.js';

export interface OutputOptions {
  /** Exactly one JSON document on stdout, and nothing else there. */
  readonly json: boolean;
  /** Show the stack and the causes of a failure. */
  readonly debug: boolean;
}

export type Output = ReturnType<typeof createOutput>;

export function createOutput(io: CliIo, { json, debug }: OutputOptions) {
  let logger: Logger | undefined;
  return {
    json,
    /** From now on stderr holds log lines only: notes and failures become such, too. */
    logTo(target: Logger): void {
      logger = target;
    },
    /** The result of a command: `document` with --json, else `text`, if there is any. */
    result(document: unknown, text: () => string | undefined): void {
      const shown = json ? toJson(document, 2) : text();
      if (shown !== undefined) io.stdout.write(`${shown}\n`);
    },
    /** A part of the result that a person need not wait for; the document has all of them. */
    part(text: string): void {
      if (!json) io.stdout.write(`${text}\n`);
    },
    /** Something for a person to know that is no result. */
    note(text: string): void {
      if (logger) logger.info({}, text);
      else io.stderr.write(`${text}\n`);
    },
    /** A failure for a person: what happened, what went wrong after it, then what to do. */
    explain(thrown: unknown): void {
      const error = toRunnerError(thrown);
      const details = debug ? { details: inspect(error.code === 'internal' ? thrown : error) } : {};
      const later = suppressedBy(thrown).map(({ message }) => message);
      if (logger) {
        const fields = {
          code: error.code,
          hint: error.hint,
          ...(later.length > 0 ? { later } : {}),
          ...details,
        };
        logger.error(fields, error.message);
        return;
      }
      const lines = [...later.map((message) => `After that: ${message}`), error.hint, details.details ?? []];
      io.stderr.write(`runner: ${printable(error.message)}\n`);
      for (const line of lines.flat()) io.stderr.write(`${indent(printable(line))}\n`);
    },
    /** A failure instead of a result, to both. @returns the exit status */
    failure(thrown: unknown): number {
      const error = toRunnerError(thrown);
      this.explain(thrown);
      if (json) io.stdout.write(`${toJson({ error: describeFailure(error) }, 2)}\n`);
      return error.exitCode;
    },
  };
}

/** A failure as `--json` shows it. */
export const describeFailure = ({ code, message, hint, exitCode }: RunnerError) => ({
  code,
  message,
  hint,
  exitCode,
});

/** What failed after the error, as `attachSuppressed` keeps it. */
function suppressedBy(thrown: unknown): RunnerError[] {
  if (!(thrown instanceof Error) || !('suppressed' in thrown)) return [];
  return Array.isArray(thrown.suppressed) ? thrown.suppressed.map((error) => toRunnerError(error)) : [];
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');
