/** The program that commander parses by; the folder grammar/ has its commands. */
import { Command, CommanderError } from 'commander';
import { EXIT } from '../contract/errors.js';
import type { CliContext } from './context.js';
import { addHelpCommand } from './grammar/common.js';
import type { Done } from './grammar/common.js';
import { addBench } from './grammar/bench.js';
import { addCompare } from './grammar/compare.js';
import { addDocker } from './grammar/docker.js';
import { addRuns } from './grammar/runs.js';
import { addSmoke } from './grammar/smoke.js';
import { addSurroundings } from './grammar/surroundings.js';
import { addTracking } from './grammar/tracking.js';
import { addTrain } from './grammar/train.js';
import { columnsOf } from './io.js';
import { toCommandLine, usageError, withOwnHelp } from './usage.js';
import { packageVersion } from './version.js';

const WIDEST_HELP = 100;
/** In the order of the help. */
const COMMANDS = [
  ...[addTrain, addRuns, addCompare, addBench, addSmoke],
  ...[addTracking, addDocker, addSurroundings],
];

/**
 * Parses the arguments and runs the command they name.
 * @param args without the program's own name
 * @returns the exit status
 * @throws RunnerError `usage`, or what the command throws
 */
export async function runProgram(args: readonly string[], context: CliContext): Promise<number> {
  let status: number = EXIT.succeeded;
  let shown = '';
  const program = buildProgram(context, {
    done: (result) => {
      status = result;
    },
    show: (text) => {
      shown += text;
    },
  });
  const commandLine = toCommandLine(program, args);
  try {
    await program.parseAsync(commandLine.args, { from: 'user' });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw withOwnHelp(error, commandLine);
    if (error.exitCode !== 0) throw usageError(error, commandLine);
    const text = shown.trimEnd();
    context.output.result(
      error.code === 'commander.version' ? { version: text } : { help: text },
      () => text,
    );
    return EXIT.succeeded;
  }
}

interface Sinks {
  readonly done: Done;
  /** Takes help and version. */
  readonly show: (text: string) => void;
}

function buildProgram(context: CliContext, { done, show }: Sinks): Command {
  const { stdout, stderr } = context.io;
  const program = new Command('runner')
    .description('Trains a job in this process or isolated from it, and keeps every run.')
    .version(packageVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    // Its own 40 would let long lines run over the edge of a narrow terminal.
    .configureHelp({ minWidthToWrap: 20 })
    .configureOutput({
      writeOut: show,
      // Errors are worded in one place (output.ts); here commander would write them a second time.
      outputError: () => undefined,
      writeErr: (text) => void stderr.write(`${text}\n`),
      getOutHelpWidth: () => Math.min(columnsOf(stdout, WIDEST_HELP), WIDEST_HELP),
      getErrHelpWidth: () => Math.min(columnsOf(stderr, WIDEST_HELP), WIDEST_HELP),
    });
  addHelpCommand(program);
  for (const add of COMMANDS) add(program, context, done);
  return program;
}
