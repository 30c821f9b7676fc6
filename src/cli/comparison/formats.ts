/** The forms of the report; this module loads none of them, for `--help` names them. */
import { extname } from 'node:path';
import { RunnerError } from '../../contract/errors.js';

export const REPORT_FORMATS = ['terminal', 'json', 'markdown', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, ReportFormat>> = {
  '.json': 'json',
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.csv': 'csv',
};

export interface FormatFlags {
  readonly format?: ReportFormat;
  readonly output?: string;
}

/**
 * The format that is asked for, or that the file's name tells; for a terminal otherwise.
 * @throws RunnerError `usage` where stdout would have to be two things
 */
export function chooseFormat(
  { format, output }: FormatFlags,
  { json }: { readonly json: boolean },
): ReportFormat {
  if (json && output === undefined && format !== undefined && format !== 'json') {
    throw new RunnerError('usage', `--json and --format ${format} ask for two documents on stdout.`, {
      hint: `Leave out one of them, or write the ${format} report to a file with --output.`,
    });
  }
  if (format !== undefined) return format;
  if (output !== undefined) return BY_EXTENSION[extname(output).toLowerCase()] ?? 'terminal';
  return json ? 'json' : 'terminal';
}
