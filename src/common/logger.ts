/** Diagnostics for the operator, always on stderr: stdout belongs to results. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Log = (fields: Readonly<Record<string, unknown>>, message: string) => void;

export interface Logger {
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
}

/**
 * One JSON object a line on stderr: pino with ISO times and level names.
 * @param write where a whole line goes; each is written before the call returns, so none is lost on exit
 */
export async function createJsonLogger(
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Promise<Logger> {
  // Imported when it is asked for: most commands never log, and would wait for it.
  const { pino } = await import('pino');
  const logger: Logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return logger;
}
