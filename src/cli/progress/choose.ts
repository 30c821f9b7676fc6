import { createJsonLogger } from '../../common/logger.js';
import type { LogLevel } from '../../common/logger.js';
import type { CliContext } from '../context.js';
import { isLive } from '../io.js';
import type { LogFormat } from '../setting-definition.js';
import { jsonReporter } from './json.js';
import { lineReporter } from './lines.js';
import { liveReporter } from './live.js';
import { silentReporter } from './reporter.js';
import type { ProgressReporter } from './reporter.js';

export interface ProgressFlags {
  readonly quiet?: boolean;
  readonly logLevel: LogLevel;
}

/** How a run is watched. With `json`, notes and failures become log lines, too. */
export async function chooseReporter(
  { io, clock, output }: CliContext,
  format: LogFormat,
  { quiet = false, logLevel }: ProgressFlags,
): Promise<ProgressReporter> {
  if (format === 'json') {
    const logger = await createJsonLogger(logLevel, (line) => void io.stderr.write(line));
    output.logTo(logger);
    return quiet ? silentReporter : jsonReporter(logger);
  }
  if (quiet) return silentReporter;
  return isLive(io.stderr, io.env) ? liveReporter(io.stderr, clock) : lineReporter(io.stderr);
}
