import { systemClock, type Clock } from '../common/clock.js';
import { EXIT } from '../contract/errors.js';
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
  readonly clock?: Clock;
}

/** The whole command line as a function: never throws, never exits. @returns the exit status */
export async function runCli({
  args,
  io,
  services,
  signals,
  clock = systemClock,
}: CliInput): Promise<number> {
  // Read before parsing: a mistyped flag must be told in JSON, too. What follows `--` is no flag.
  const end = args.indexOf('--');
  const flags = end === -1 ? args : args.slice(0, end);
  const output = createOutput(io, { json: flags.includes('--json'), debug: flags.includes('--debug') });
  const context = { io, output, services, signals, clock };
  const status = await runProgram(args, context).catch((error: unknown) => output.failure(error));
  const lost = await io.resultLost();
  if (lost === undefined) return status;
  output.explain(lost);
  // Half a document must not look like a success; a failure stays the one that it was.
  return status === EXIT.succeeded ? lost.exitCode : status;
}
