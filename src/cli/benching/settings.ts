/** The settings of a bench: those of `runner train`, but for the mode, which each side has its own of. */
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RunnerError } from '../../contract/errors.js';
import { readSettings } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { BENCH_SETTINGS, DEFAULT_JOB, flagName, SETTINGS, settingsOf } from '../options.js';
import type { SettingName } from '../setting-definition.js';
import { byDefault, nameOf } from '../settings.js';
import type { Resolved } from '../settings.js';
import { resolveTrainSettings } from '../train-settings.js';
import type { BenchPlan, SettingValue } from './plan.js';
import type { BenchSide } from './sides.js';

/** Where the runs lie says nothing about them. */
const NOT_OF_A_PLAN: readonly SettingName[] = ['runsDir'];

export interface BenchSettings {
  /** As a run of the first side would have them; `mode` means nothing. */
  readonly settings: Resolved;
  /** Those that some side has. */
  readonly names: readonly SettingName[];
  /** As they were given by flags, for the command line of each run. */
  readonly flags: BenchPlan['flags'];
}

/** @throws RunnerError `usage` for what no side has; as `readSettings` */
export async function readBenchSettings(
  context: CliContext,
  flags: Flags,
  sides: readonly BenchSide[],
): Promise<BenchSettings> {
  const known = new Set(sides.flatMap(({ mode }) => settingsOf(mode)));
  const misplaced = BENCH_SETTINGS.find((name) => flags[name] !== undefined && !known.has(name));
  if (misplaced !== undefined) {
    const { only = [] } = SETTINGS[misplaced];
    throw new RunnerError(
      'usage',
      `${flagName(misplaced)} is for ${only.join(' or ')}; this bench is of ${sides.map(({ mode }) => mode).join(' and ')}.`,
      { hint: `Add ${only[0] ?? ''} to --modes, or leave out ${flagName(misplaced)}.` },
    );
  }
  const names = BENCH_SETTINGS.filter((name) => known.has(name));
  const given = await readSettings(context, flags, names);
  const job = await context.services.findJob(given.job?.value ?? DEFAULT_JOB);
  const settings = resolveTrainSettings(
    { track: byDefault(false, 'of a bench'), ...given, mode: byDefault(sides[0]?.mode ?? 'inprocess') },
    job,
    context.io.cwd,
  );
  return { settings, names, flags: flagsOf(flags, names, context.io.cwd) };
}

/** A folder is the same one wherever the bench is resumed from. */
function flagsOf(flags: Flags, names: readonly SettingName[], cwd: string): BenchPlan['flags'] {
  const entries = names.flatMap((name) => {
    const value = flags[name];
    if (NOT_OF_A_PLAN.includes(name) || (typeof value !== 'string' && typeof value !== 'boolean')) return [];
    return [[name, name === 'dataDir' && typeof value === 'string' ? resolve(cwd, value) : value] as const];
  });
  return Object.fromEntries(entries);
}

/** What the plan keeps of them. */
export const plannedValues = ({ settings, names }: BenchSettings): Record<string, SettingValue> =>
  Object.fromEntries(
    names.filter((name) => !NOT_OF_A_PLAN.includes(name)).map((name) => [name, settings[name].value]),
  );

/** @throws RunnerError `usage` if the settings are not those that the bench was begun with, saying which */
export function requireSame(plan: BenchPlan, settings: BenchSettings): void {
  const values = plannedValues(settings);
  const changed = settings.names.filter(
    (name) => name in values && !isDeepStrictEqual(values[name], plan.settings[name]),
  );
  if (changed.length === 0) return;
  const each = changed.map((name) => {
    const { source } = settings.settings[name];
    return `${name} was ${shown(plan.settings[name])} and is ${shown(values[name])} (${nameOf(name, source)})`;
  });
  throw new RunnerError('usage', `Bench ${plan.benchId} has begun with other settings: ${each.join('; ')}.`, {
    hint: 'Give it the settings it has begun with, or begin another bench without --resume.',
  });
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));

/** The command line of one run, without the name of the program. */
export function trainArguments(
  plan: Pick<BenchPlan, 'flags' | 'settings' | 'evaluate'>,
  { mode }: BenchSide,
  { key, runsDir }: { readonly key: string; readonly runsDir: string },
): string[] {
  const names = settingsOf(mode);
  const given = BENCH_SETTINGS.filter((name) => names.includes(name) && name !== 'track').flatMap((name) => {
    const value = plan.flags[name];
    if (value === undefined) return [];
    const flag = flagName(name);
    if (value === true) return [flag];
    return value === false ? [flag.replace('--', '--no-')] : [`${flag}=${value}`];
  });
  return [
    ...['train', '--mode', mode, '--key', key, '--runs-dir', runsDir, '--json', '--quiet'],
    ...given,
    plan.settings.track === true ? '--track' : '--no-track',
    ...(plan.evaluate ? ['--evaluate'] : []),
  ];
}
