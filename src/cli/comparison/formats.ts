/** The forms of the report; this module loads none of them, for `--help` names them. */
import { extname } from 'node:path';
import { RunnerError } from '../../contract/errors.js';

export const REPORT_FORMATS = ['terminal', 'json', 'markdown', 'csv', 'html'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, ReportFormat>> = {
  '.json': 'json',
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.csv': 'csv',
  '.html': 'html',
  '.htm': 'html',
};

export interface FormatFlags {
  readonly format?: ReportFormat;
  readonly output?: string;
  /** To be shown in a browser. */
  readonly open?: boolean;
}

/**
 * The format that is asked for, or that the file's name tells; for a terminal otherwise.
 * @throws RunnerError `usage` where stdout would have to be two things, or a browser is to show what is no page
 */
export function chooseFormat(
  { format, output, open }: FormatFlags,
  { json }: { readonly json: boolean },
): ReportFormat {
  if (json && output === undefined && open !== true && format !== undefined && format !== 'json') {
    throw new RunnerError('usage', `--json and --format ${format} ask for two documents on stdout.`, {
      hint: `Leave out one of them, or write the ${format} report to a file with --output.`,
    });
  }
  const named = output === undefined ? undefined : BY_EXTENSION[extname(output).toLowerCase()];
  if (open === true) {
    const other = format ?? named ?? 'html';
    if (other === 'html') return 'html';
    throw new RunnerError('usage', `--open shows the report as a page, and ${other} is none.`, {
      hint: 'Leave out --open, or ask for --format html.',
    });
  }
  return format ?? named ?? (output === undefined && json ? 'json' : 'terminal');
}
