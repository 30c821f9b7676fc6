/** The commands and their options. Each action imports its command when it is called: `--help` loads none. */
import { Command, CommanderError, Option } from 'commander';
import { LOG_LEVELS } from '../common/logger.js';
import { EXIT } from '../contract/errors.js';
import type { CliContext, Flags } from './context.js';
import { columnsOf } from './io.js';
import { SETTINGS, SETTING_NAMES, flagName } from './options.js';
import type { SettingName } from './options.js';
import type { TrainFlags } from './commands/train.js';
import { toCommandLine, usageError } from './usage.js';
import { packageVersion } from './version.js';

const WIDEST_HELP = 100;
const RUN_HELP = 'id of a run, its start, at least 4 characters of its end, or "latest"';

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
  try {
    await program.parseAsync(toCommandLine(program, args), { from: 'user' });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error);
    const text = shown.trimEnd();
    context.output.result(
      error.code === 'commander.version' ? { version: text } : { help: text },
      () => text,
    );
    return EXIT.succeeded;
  }
}

interface Sinks {
  /** Takes the exit status of the command that ran. */
  readonly done: (status: number) => void;
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
    .configureOutput({
      writeOut: show,
      // Errors are worded in one place (output.ts); here commander would write them a second time.
      outputError: () => undefined,
      writeErr: (text) => void stderr.write(`${text}\n`),
      getOutHelpWidth: () => Math.min(columnsOf(stdout, WIDEST_HELP), WIDEST_HELP),
      getErrHelpWidth: () => Math.min(columnsOf(stderr, WIDEST_HELP), WIDEST_HELP),
    });
  addHelpCommand(program);
  addTrain(program, context, done);
  addEvaluate(program, context, done);
  addRuns(program, context, done);
  addDoctor(program, context, done);
  addEngine(program, context, done);
  return program;
}

type Done = Sinks['done'];

function addTrain(program: Command, context: CliContext, done: Done): void {
  const command = program.command('train').description('train a job and keep the run');
  addSettings(command, SETTING_NAMES);
  command
    .option('--evaluate', 'evaluate on the test images before the run ends')
    .option('--print-spec', 'show each setting and where it came from, and train nothing')
    .addOption(
      new Option('--log-level <level>', 'least level of --log json').choices(LOG_LEVELS).default('info'),
    )
    .option('--quiet', 'no progress');
  addCommon(command).action(async (flags: TrainFlags) => {
    const { train } = await import('./commands/train.js');
    done(await train(context, flags));
  });
}

function addEvaluate(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('evaluate')
    .description('evaluate the kept weights of a run on the test images')
    .argument('<run>', RUN_HELP);
  addSettings(command, ['dataDir', 'runsDir'], { dataDir: "the run's" });
  addCommon(command).action(async (query: string, flags: Flags) => {
    const { evaluate } = await import('./commands/evaluate.js');
    done(await evaluate(context, query, flags));
  });
}

function addRuns(program: Command, context: CliContext, done: Done): void {
  const runs = program.command('runs').description('look at the runs there are');
  addHelpCommand(runs);
  const load = () => import('./commands/runs.js');
  const ls = runs.command('ls').description('list the runs, newest first');
  addSettings(ls, ['runsDir']);
  addCommon(ls).action(async (flags: Flags) => {
    done(await (await load()).listAll(context, flags));
  });
  const show = runs.command('show').description('show one run').argument('<run>', RUN_HELP);
  addSettings(show, ['runsDir']);
  addCommon(show).action(async (query: string, flags: Flags) => {
    done(await (await load()).show(context, query, flags));
  });
  const rm = runs
    .command('rm')
    .description('remove runs and all that they hold')
    .argument('<run...>', RUN_HELP);
  addSettings(rm, ['runsDir']);
  rm.option('--force', 'remove a run that is still running, too');
  addCommon(rm).action(async (queries: string[], flags: Flags & { force?: boolean }) => {
    done(await (await load()).remove(context, queries, flags));
  });
}

function addDoctor(program: Command, context: CliContext, done: Done): void {
  const command = program.command('doctor').description('show what was found where, and what is missing');
  addCommon(command).action(async () => {
    const { doctor } = await import('./commands/doctor.js');
    done(await doctor(context));
  });
}

function addEngine(program: Command, context: CliContext, done: Done): void {
  const engine = program.command('engine').description('look after the TensorFlow engine');
  addHelpCommand(engine);
  const provision = engine
    .command('provision')
    .description('find the engine, or build it')
    .option('--force', 'build it anew');
  addCommon(provision).action(async (flags: { force?: boolean }) => {
    const { provisionEngine } = await import('./commands/engine.js');
    done(await provisionEngine(context, flags));
  });
}

const addHelpCommand = (group: Command): Command =>
  group.helpCommand('help [command]', 'show help of a command');

/** `runCli` reads these two before anything is parsed: a failure to parse is told as they ask. */
const addCommon = (command: Command): Command =>
  command
    .option('--json', 'one JSON document on stdout, and nothing else there')
    .option('--debug', 'show the stack and the causes of a failure');

/** @param defaults words for defaults that are this command's own */
function addSettings(
  command: Command,
  names: readonly SettingName[],
  defaults: Readonly<Partial<Record<SettingName, string>>> = {},
): void {
  for (const name of names) {
    const { flag, env, help, helpOff, fallback } = SETTINGS[name];
    const byDefault = defaults[name] ?? describeFallback(fallback);
    const notes = [...(env === undefined ? [] : [env]), `default: ${byDefault}`].join(', ');
    command.option(flag, `${help} (${notes})`);
    if (helpOff !== undefined) command.option(flagName(name).replace('--', '--no-'), helpOff);
  }
}

/** The words of the table's symbolic defaults; the rest are values. */
function describeFallback(fallback: string | number | boolean): string {
  if (fallback === 'job') return "the job's";
  if (fallback === 'processors') return 'one a processor';
  return String(fallback);
}
