/** The one place that words results and failures: JSON or text on stdout, failures for people on stderr. */
import { inspect } from 'node:util';
import { toRunnerError } from '../common/errors.js';
import { toJson } from '../common/json.js';
import type { RunnerError } from '../contract/errors.js';
import type { CliIo } from './io.js';

export interface OutputOptions {
  /** Exactly one JSON document on stdout, and nothing else there. */
  readonly json: boolean;
  /** Show the stack and the causes of a failure. */
  readonly debug: boolean;
}

export type Output = ReturnType<typeof createOutput>;

export function createOutput(io: CliIo, { json, debug }: OutputOptions) {
  return {
    json,
    /** The result of a command: `document` with --json, else `text`. */
    result(document: unknown, text: () => string): void {
      io.stdout.write(`${json ? toJson(document, 2) : text()}\n`);
    },
    /** Something for a person to know that is no result. */
    note(text: string): void {
      io.stderr.write(`${text}\n`);
    },
    /** A failure for a person: what happened, then what to do. */
    explain(thrown: unknown): void {
      const error = toRunnerError(thrown);
      io.stderr.write(`runner: ${error.message}\n${indent(error.hint)}\n`);
      if (debug) io.stderr.write(`${indent(inspect(error.code === 'internal' ? thrown : error))}\n`);
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

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');
