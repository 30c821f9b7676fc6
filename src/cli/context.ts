import { resolve } from 'node:path';
import type { Clock } from '../common/clock.js';
import { RunnerError } from '../contract/errors.js';
import { loadConfigFile } from './config-file.js';
import type { CliIo } from './io.js';
import { DEFAULT_RUNS_DIR } from './options.js';
import type { SettingName, Settings } from './options.js';
import type { Output } from './output.js';
import type { Services } from './services.js';
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

/** The settings given by flags, environment and configuration file, each checked; those of `names` only, if any. */
export async function readSettings(
  { io }: CliContext,
  flags: Flags,
  names?: readonly SettingName[],
): Promise<Given> {
  const [config, runSpec, { z }] = await Promise.all([
    loadConfigFile(io.cwd),
    import('../contract/run-spec.js'),
    import('zod'),
  ]);
  return parseGiven({ flags, env: io.env, config }, { ...runSpec, z }, names);
}

/** The absolute runs directory that the command is about. */
export async function readRunsDir(context: CliContext, flags: Flags): Promise<string> {
  return runsDirOf(context, await readSettings(context, flags, ['runsDir']));
}

/** The absolute runs directory of settings that were read. */
export const runsDirOf = ({ io }: CliContext, { runsDir }: Given): string =>
  resolve(io.cwd, runsDir?.value ?? DEFAULT_RUNS_DIR);

/** @throws RunnerError `usage` for a mode that this version knows by name only */
export function requireMode(mode: Settings['mode']): void {
  if (mode === 'inprocess') return;
  throw new RunnerError('usage', `--mode ${mode} is not available yet: this version trains inprocess only.`);
}
