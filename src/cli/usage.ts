/** What was typed: the command words checked, and commander's complaints in our words. */
import type { Command, CommanderError } from 'commander';
import { reworded } from '../common/errors.js';
import { didYouMean } from '../common/nearest.js';
import { RunnerError } from '../contract/errors.js';

export interface CommandLine {
  /** As commander takes them: `help train` becomes `train --help`. */
  readonly args: readonly string[];
  /** The command that they name, or the group whose command is missing. */
  readonly command: Command;
}

/**
 * Finds the command that arguments name.
 * @throws RunnerError `usage` for a word that is no command. Commander would show the help of the words before it,
 *   and call that a success, where a mistyped command is followed by `--help`.
 */
export function toCommandLine(program: Command, args: readonly string[]): CommandLine {
  let group = program;
  for (const [index, word] of args.entries()) {
    if (group.commands.length === 0 || word.startsWith('-')) break;
    if (word === 'help') return toCommandLine(program, [...args.toSpliced(index, 1), '--help']);
    const command = group.commands.find((candidate) => candidate.name() === word);
    if (command === undefined) throw unknownCommand(word, group);
    group = command;
  }
  return { args, command: group };
}

function unknownCommand(word: string, group: Command): RunnerError {
  const visible = group.createHelp().visibleCommands(group);
  const names = group.commands
    .filter((command) => visible.includes(command))
    .map((command) => command.name());
  const typed = group.parent === null ? word : `${group.name()} ${word}`;
  const known = didYouMean(word, names) || `: there are ${names.join(', ')}.`;
  return new RunnerError('usage', `Unknown command ${JSON.stringify(typed)}${known}`, hintOf(group));
}

/** `runner runs ls` */
function nameOf(command: Command): string {
  const words: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) words.unshift(each.name());
  return words.join(' ');
}

/** Sends to the help of the command that was meant, as far as it is known. */
const hintOf = (command: Command): { readonly hint: string } => ({
  hint: `Run \`${nameOf(command)} --help\`.`,
});

/** A bad value is looked up in the help of the command that it was given to: the table of errors knows that of one only. */
export function withOwnHelp(error: unknown, { command }: Pick<CommandLine, 'command'>): unknown {
  if (!(error instanceof RunnerError) || error.code !== 'bad-spec' || error.hasOwnHint) return error;
  return reworded(error, { hint: error.hint.replace('runner train', nameOf(command)) });
}

/** `error: unknown option '--epoch'\n(Did you mean --epochs?)` as one sentence of ours. */
export function usageError(error: CommanderError, { command }: Pick<CommandLine, 'command'>): RunnerError {
  // Its help has been shown by now.
  if (error.code === 'commander.help')
    return new RunnerError('usage', 'Expected a command.', hintOf(command));
  const said = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  const text = isEngineAsFlag(said, command) ? ENGINE_MEANT : said;
  return new RunnerError(
    'usage',
    `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?)]$/.test(text) ? '' : '.'}`,
    hintOf(command),
  );
}

const ENGINE_MEANT = "unknown option '--webgpu' (Did you mean --engine webgpu?)";

/** `doctor` and `engine provision` have such a flag, so that it is tried where an engine is named, too. */
const isEngineAsFlag = (said: string, { options }: Command): boolean =>
  said.startsWith("unknown option '--webgpu'") && options.some(({ long }) => long === '--engine');
