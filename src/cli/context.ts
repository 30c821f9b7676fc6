import { resolve } from 'node:path';
import type { Clock } from '../common/clock.js';
import { RunnerError } from '../contract/errors.js';
import { loadConfigFile } from './config-file.js';
import type { CliIo } from './io.js';
import { DEFAULT_MODE, DEFAULT_RUNS_DIR, flagName, SETTING_NAMES, SETTINGS, settingsOf } from './options.js';
import type { Output } from './output.js';
import type { Services } from './services.js';
import type { SettingName, Settings } from './setting-definition.js';
import { parseGiven } from './settings.js';
import type { Given } from './settings.js';
import type { SignalSource } from './signals.js';

/** What every command is handed. */
export interface CliContext {
  readonly io: CliIo;
  readonly output: Output;
  readonly services: Services;
  readonly signals: SignalSource;
  readonly clock: Clock;
}

export type Flags = Readonly<Record<string, unknown>>;

/** Reads the settings given by flags, environment and configuration file, each checked; those of `names` only, if any. */
export async function readSettings(
  context: CliContext,
  flags: Flags,
  names?: readonly SettingName[],
): Promise<Given> {
  return (await settingsReader(context, flags))(names);
}

/**
 * The settings of a run. What another mode has besides counts only as a flag, which is refused: a variable or a file
 * may serve runs of several modes.
 * @throws RunnerError `usage`
 */
export async function readTrainSettings(context: CliContext, flags: Flags): Promise<Given> {
  const read = await settingsReader(context, flags);
  const mode = read(['mode']).mode?.value ?? DEFAULT_MODE;
  const names = settingsOf(mode);
  const misplaced = SETTING_NAMES.find((name) => flags[name] !== undefined && !names.includes(name));
  if (misplaced !== undefined) throw notOfMode(misplaced, mode);
  return read(names);
}

async function settingsReader({ io }: CliContext, flags: Flags) {
  const [config, runSpec, { z }] = await Promise.all([
    loadConfigFile(io.cwd),
    import('../contract/run-spec.js'),
    import('zod'),
  ]);
  return (names?: readonly SettingName[]): Given =>
    parseGiven({ flags, env: io.env, config }, { ...runSpec, z }, names);
}

function notOfMode(name: SettingName, mode: Settings['mode']): RunnerError {
  const { only = [] } = SETTINGS[name];
  return new RunnerError(
    'usage',
    `${flagName(name)} is for --mode ${only.join(' or ')}; this run is ${mode}.`,
    {
      hint: `Add \`--mode ${only[0] ?? ''}\`, or leave out ${flagName(name)}.`,
    },
  );
}

/** The absolute runs directory that the command is about. */
export async function readRunsDir(context: CliContext, flags: Flags): Promise<string> {
  return runsDirOf(context, await readSettings(context, flags, ['runsDir']));
}

/** The absolute runs directory of settings that were read. */
export const runsDirOf = ({ io }: CliContext, { runsDir }: Given): string =>
  resolve(io.cwd, runsDir?.value ?? DEFAULT_RUNS_DIR);
