/** What the commands have in common. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { LOG_LEVELS } from '../../common/logger.js';
import { didYouMean } from '../../common/nearest.js';
import type { CliContext } from '../context.js';
import { SETTINGS, flagName } from '../options.js';
import { describeFallback } from '../setting-definition.js';
import type { SettingName } from '../setting-definition.js';

export const RUN_HELP = 'id of a run, its start, at least 4 characters of its end, or "latest"';

/** Adds commands to a program. Each action imports its command when it is called: `--help` loads none. */
export type AddCommands = (program: Command, context: CliContext, done: Done) => void;
/** Takes the exit status of the command that ran. */
export type Done = (status: number) => void;

export const addHelpCommand = (group: Command): Command =>
  group.helpCommand('help [command]', 'show help of a command');

/** `runCli` reads these two before anything is parsed: a failure to parse is told as they ask. */
export const addCommon = (command: Command): Command =>
  command
    .option('--json', 'one JSON document on stdout, and nothing else there')
    .option('--debug', 'show the stack and the causes of a failure');

/** @param help what it does with tags; each use of the flag adds one */
export const addTags = (command: Command, help: string): Command =>
  command.addOption(
    new Option('--tag <key=value>', help).argParser<readonly string[] | undefined>((tag, others) => [
      ...(others ?? []),
      tag,
    ]),
  );

/** An option that takes one of a few words; a mistyped one is told with the one that was meant. */
export const oneOf = (choices: readonly string[], option: Option): Option =>
  option.choices(choices).argParser((word: string) => {
    if (choices.includes(word)) return word;
    const known = `Allowed choices are ${choices.join(', ')}`;
    throw new InvalidArgumentError(`${known}${didYouMean(word, choices) || '.'}`);
  });

/** Of the commands that watch a run. */
export const addProgress = (command: Command): Command =>
  command
    .addOption(
      oneOf(LOG_LEVELS, new Option('--log-level <level>', 'least level of --log json')).default('info'),
    )
    .option('--quiet', 'no progress');

/** @param defaults words for defaults that are this command's own */
export function addSettings(
  command: Command,
  names: readonly SettingName[],
  defaults: Readonly<Partial<Record<SettingName, string>>> = {},
): void {
  for (const name of names) {
    const { flag, env, help, helpOff, only } = SETTINGS[name];
    const byDefault = defaults[name] ?? describeFallback(SETTINGS[name]);
    const notes = [...(env === undefined ? [] : [env]), `default: ${byDefault}`].join(', ');
    const options = [
      new Option(flag, `${help} (${notes})`),
      ...(helpOff === undefined ? [] : [new Option(flagName(name).replace('--', '--no-'), helpOff)]),
    ];
    for (const option of options) {
      command.addOption(
        only === undefined ? option : option.helpGroup(`Options for --mode ${only.join(' or ')}:`),
      );
    }
  }
}
