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
  // Read before parsing: a mistyped flag must be told in JSON, too.
  const has = (flag: string): boolean => args.includes(flag);
  const debug = has('--log-level=debug') || args[args.indexOf('--log-level') + 1] === 'debug';
  const output = createOutput(io, { json: has('--json'), debug });
  try {
    return await runProgram(args, { io, output, services, signals, clock: systemClock });
  } catch (error) {
    return output.failure(error);
  }
}
