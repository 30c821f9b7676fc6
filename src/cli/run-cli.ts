import { systemClock } from '../common/clock.js';
import type { CliIo } from './io.js';
import { createOutput } from './output.js';
import { runProgram } from './program.js';
import type { Services } from './services.js';
import type { SignalSource } from './signals.js';

export interface CliInput {
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly io: CliIo;
  readonly services: Services;
  readonly signals: SignalSource;
}

/** The whole command line as a function: never throws, never exits. @returns the exit status */
export async function runCli({ args, io, services, signals }: CliInput): Promise<number> {
  // Read before parsing: a mistyped flag must be told in JSON, too. What follows `--` is no flag.
  const end = args.indexOf('--');
  const flags = end === -1 ? args : args.slice(0, end);
  const output = createOutput(io, { json: flags.includes('--json'), debug: flags.includes('--debug') });
  try {
    return await runProgram(args, { io, output, services, signals, clock: systemClock });
  } catch (error) {
    return output.failure(error);
  }
}
