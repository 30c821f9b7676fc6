import type { RunnerError } from '../../contract/errors.js';
import type { CliContext } from '../context.js';

/**
 * What a command does whose run another process has taken over: it says so, and the process ends there and then, as one
 * that has lost a lease has to. What it does for other runs, their next owner finds as a killed process leaves it.
 */
export const leaveAtOnce =
  ({ io, output }: Pick<CliContext, 'io' | 'output'>) =>
  (error: RunnerError): void => {
    io.exit(output.failure(error));
  };
