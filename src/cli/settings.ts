/** Settings from flags, environment, configuration file and defaults: the first that names a value wins. */
import { inspect } from 'node:util';
import type { z } from 'zod';
import { didYouMean } from '../common/nearest.js';
import { RunnerError } from '../contract/errors.js';
import type { ConfigFile } from './config-file.js';
import { SETTINGS, SETTING_NAMES, flagName } from './options.js';
import { parseDuration, parseGpus, parseSize } from './quantities.js';
import { isNotation } from './setting-definition.js';
import type { Schemas, SettingDefinition, SettingName, Settings } from './setting-definition.js';

/** Where a value came from. `name` is the flag, the variable or the file that held it. */
export interface Source {
  readonly from: 'flag' | 'environment' | 'config' | 'default';
  readonly name: string;
}

/** The settings that somebody gave, each with its source. */
export type Given = { readonly [K in SettingName]?: Sourced<Settings[K]> };
export type Resolved<K extends SettingName = SettingName> = { readonly [N in K]: Sourced<Settings[N]> };
export interface Sourced<T> {
  readonly value: T;
  readonly source: Source;
  /** As it was written, where that is not the value itself: `2g`. */
  readonly given?: string;
}

export interface SettingInputs {
  /** By setting name, as commander hands them over: text, or a boolean for a boolean flag. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: NodeJS.ProcessEnv;
  readonly config: ConfigFile | null;
}

/**
 * Parses what was given, each value once.
 * @param names the settings that matter; what is given for others is not looked at
 * @throws RunnerError `bad-spec` (flag, environment) or `bad-config`, naming the source and echoing the value
 */
export function parseGiven(
  inputs: SettingInputs,
  schemas: Schemas,
  names: readonly SettingName[] = SETTING_NAMES,
): Given {
  const entries = names.flatMap((name) => {
    const raw = firstGiven(name, inputs);
    return raw === undefined ? [] : [[name, parseValue(name, raw, schemas)]];
  });
  return Object.fromEntries(entries) as Given;
}

/** What was given, and the defaults where nothing was. */
export function withDefaults<K extends SettingName>(
  given: Given,
  defaults: { readonly [N in K]: Sourced<Settings[N]> },
): Resolved<K> {
  const names = Object.keys(defaults) as K[];
  return Object.fromEntries(names.map((name) => [name, given[name] ?? defaults[name]])) as Resolved<K>;
}

/** `flag --epochs`, `environment MNIST_EPOCHS`, `runner.config.json`, `default (job mnist-cnn)`. */
export const describeSource = ({ from, name }: Source): string =>
  from === 'default' ? `default (${name})` : from === 'config' ? name : `${from} ${name}`;

export const byDefault = <T>(value: T, name = 'built in'): Sourced<T> => ({
  value,
  source: { from: 'default', name },
});

const STRONGEST_FIRST = ['flag', 'environment', 'config', 'default'] as const;
export const isStronger = (one: Source, other: Source): boolean =>
  STRONGEST_FIRST.indexOf(one.from) < STRONGEST_FIRST.indexOf(other.from);

interface Raw {
  readonly value: unknown;
  readonly source: Source;
}

function firstGiven(name: SettingName, { flags, env, config }: SettingInputs): Raw | undefined {
  const flag = flags[name];
  if (flag !== undefined) {
    const spelling = flag === false ? flagName(name).replace('--', '--no-') : flagName(name);
    return { value: flag, source: { from: 'flag', name: spelling } };
  }
  const variable = SETTINGS[name].env;
  // An empty variable is how Compose and CI files say "not set".
  const text = variable === undefined ? undefined : env[variable]?.trim();
  if (variable !== undefined && text !== undefined && text !== '') {
    return { value: text, source: { from: 'environment', name: variable } };
  }
  const configured = config?.values[name];
  if (config && configured !== undefined) {
    return { value: configured, source: { from: 'config', name: config.path } };
  }
  return undefined;
}

function parseValue(name: SettingName, { value, source }: Raw, schemas: Schemas): Sourced<unknown> {
  const definition: SettingDefinition<unknown> = SETTINGS[name];
  const { kind } = definition;
  const isText = typeof value === 'string' && (source.from !== 'config' || isNotation(kind));
  // A number of a file has no unit, either.
  const isBare = kind === 'duration' && typeof value === 'number';
  const converted = isText || isBare ? fromText(kind, String(value)) : value;
  const schema = definition.schema(schemas);
  const result = schema.safeParse(converted);
  if (result.success) {
    return { value: result.data, source, ...(isText && isNotation(kind) ? { given: value } : {}) };
  }
  const hint = definition.hint?.(value);
  throw new RunnerError(
    source.from === 'config' ? 'bad-config' : 'bad-spec',
    `${nameOf(name, source)}: expected ${definition.expected}, got ${echo(value)}${meant(value, schema, schemas) || '.'}`,
    hint === undefined ? {} : { hint },
  );
}

/** Of a setting that is one of a few words, the one that was mistyped; empty where none is near. */
const meant = (value: unknown, schema: z.ZodType, { z: { ZodEnum } }: Schemas): string =>
  typeof value === 'string' && schema instanceof ZodEnum ? didYouMean(value, schema.options.map(String)) : '';

/** What a message calls a setting: its flag, its variable, or the file and its key there. */
export const nameOf = (setting: SettingName, { from, name }: Source): string =>
  from === 'config' ? `${name}: ${setting}` : from === 'default' ? flagName(setting) : name;

/** A value as it was given. JSON would show a NaN of a configuration module as null. */
const echo = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 1, breakLength: Infinity });

const BOOLEANS = new Map([
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
]);

/** Text that does not fit stays text: the schema then refuses it, and the message can echo it. */
function fromText(kind: SettingDefinition<unknown>['kind'], text: string): unknown {
  switch (kind) {
    case 'text':
      return text;
    case 'boolean':
      return BOOLEANS.get(text.toLowerCase()) ?? text;
    case 'integer':
      return /^[+-]?\d+$/.test(text) ? Number(text) : text;
    case 'number':
      // Number('') is 0 and Number('0x10') is 16: neither is what a person means here.
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
    case 'size':
      return parseSize(text) ?? text;
    case 'duration':
      return text.toLowerCase() === 'none' ? null : (parseDuration(text) ?? text);
    case 'gpus':
      return parseGpus(text) ?? text;
  }
}
