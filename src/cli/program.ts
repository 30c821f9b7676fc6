/** The commands and their options. Each action imports its command when it is called: `--help` loads none. */
import { Command, CommanderError, Option } from 'commander';
import { LOG_LEVELS } from '../common/logger.js';
import { EXIT, RunnerError } from '../contract/errors.js';
import type { CliContext, Flags } from './context.js';
import { SETTINGS } from './options.js';
import type { SettingName } from './options.js';
import type { TrainFlags } from './commands/train.js';
import { packageVersion } from './version.js';

const TRAIN_SETTINGS: readonly SettingName[] = Object.keys(SETTINGS) as SettingName[];
const HELP_WIDTH = 100;

/**
 * Parses the arguments and runs the command they name.
 * @param args without the program's own name
 * @returns the exit status
 * @throws RunnerError `usage`, or what the command throws
 */
export async function runProgram(args: readonly string[], context: CliContext): Promise<number> {
  let status: number = EXIT.succeeded;
  const program = buildProgram(context, (result) => {
    status = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.succeeded;
    // A command group without a command has shown its help on stderr already.
    if (error.code === 'commander.help') throw new RunnerError('usage', 'Expected a command.');
    throw usageError(error);
  }
}

type Done = (status: number) => void;

function buildProgram(context: CliContext, done: Done): Command {
  const { io } = context;
  const program = new Command('runner')
    .description('Trains a job in this process or isolated from it, and keeps every run.')
    .version(packageVersion())
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // Errors are worded in one place (output.ts); here commander would write them a second time.
      writeErr: () => undefined,
      getOutHelpWidth: () => Math.min(io.stdout.columns ?? HELP_WIDTH, HELP_WIDTH),
    });
  addTrain(program, context, done);
  addEvaluate(program, context, done);
  addRuns(program, context, done);
  addDoctor(program, context, done);
  addEngine(program, context, done);
  return program;
}

function addTrain(program: Command, context: CliContext, done: Done): void {
  const command = program.command('train').description('train a job and keep the run');
  addSettings(command, TRAIN_SETTINGS);
  command
    .option('--evaluate', 'evaluate on the test images before the run ends', false)
    .option('--print-spec', 'show each setting and where it came from, and train nothing', false)
    .addOption(
      new Option('--log-level <level>', 'least level of --log json').choices(LOG_LEVELS).default('info'),
    )
    .option('--quiet', 'no progress', false);
  addJson(command).action(async (flags: TrainFlags) => {
    const { train } = await import('./commands/train.js');
    done(await train(context, flags));
  });
}

function addEvaluate(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('evaluate')
    .description('evaluate the kept weights of a run on the test images')
    .argument('<run>', RUN_HELP);
  addSettings(command, ['runsDir']);
  addJson(command).action(async (query: string, flags: Flags) => {
    const { evaluate } = await import('./commands/evaluate.js');
    done(await evaluate(context, query, flags));
  });
}

function addRuns(program: Command, context: CliContext, done: Done): void {
  const runs = program.command('runs').description('look at the runs there are');
  const load = () => import('./commands/runs.js');
  const ls = runs.command('ls').description('list the runs, newest first');
  addSettings(ls, ['runsDir']);
  addJson(ls).action(async (flags: Flags) => {
    done(await (await load()).listAll(context, flags));
  });
  const show = runs.command('show').description('show one run').argument('<run>', RUN_HELP);
  addSettings(show, ['runsDir']);
  addJson(show).action(async (query: string, flags: Flags) => {
    done(await (await load()).show(context, query, flags));
  });
  const rm = runs
    .command('rm')
    .description('remove runs and all that they hold')
    .argument('<run...>', RUN_HELP);
  addSettings(rm, ['runsDir']);
  rm.option('--force', 'remove a run that is still running, too', false);
  addJson(rm).action(async (queries: string[], flags: Flags & { force: boolean }) => {
    done(await (await load()).remove(context, queries, flags));
  });
}

function addDoctor(program: Command, context: CliContext, done: Done): void {
  const command = program.command('doctor').description('show what was found where, and what is missing');
  addJson(command).action(async () => {
    const { doctor } = await import('./commands/doctor.js');
    done(await doctor(context));
  });
}

function addEngine(program: Command, context: CliContext, done: Done): void {
  const engine = program.command('engine').description('look after the TensorFlow engine');
  const provision = engine
    .command('provision')
    .description('find the engine, or build it')
    .option('--force', 'build it anew', false);
  addJson(provision).action(async (flags: { force: boolean }) => {
    const { provisionEngine } = await import('./commands/doctor.js');
    done(await provisionEngine(context, flags));
  });
}

const RUN_HELP = 'id of a run, its start, at least 4 characters of its end, or "latest"';

const addJson = (command: Command): Command =>
  command.option('--json', 'one JSON document on stdout, and nothing else there', false);

function addSettings(command: Command, names: readonly SettingName[]): void {
  for (const name of names) {
    const { flag, env, kind, help, fallback } = SETTINGS[name];
    const notes = [...(env === undefined ? [] : [env]), `default: ${describeFallback(fallback)}`].join(', ');
    command.option(flag, `${help} (${notes})`);
    if (kind === 'boolean') command.option(flag.replace('--', '--no-'), 'or not');
  }
}

/** The words of the table's symbolic defaults; the rest are values. */
function describeFallback(fallback: string | number | boolean): string {
  if (fallback === 'job') return "the job's";
  if (fallback === 'processors') return 'one a processor';
  return String(fallback);
}

/** `error: unknown option '--epoch'\n(Did you mean --epochs?)` as one sentence of ours. */
function usageError(error: CommanderError): RunnerError {
  const text = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  return new RunnerError(
    'usage',
    `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)]$/.test(text) ? '' : '.'}`,
  );
}
