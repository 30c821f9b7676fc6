import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeError } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { didYouMean } from '../common/nearest.js';
import { RunnerError } from '../contract/errors.js';
import { SETTING_NAMES } from './options.js';

export interface ConfigFile {
  /** Its name, which is its path from the working directory. */
  readonly path: string;
  /** By setting name; the values are not checked yet. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The first of these that exists is the one that is read. */
export const CONFIG_FILES = [
  'runner.config.json',
  'runner.config.js',
  'runner.config.mjs',
  'runner.config.cjs',
] as const;

/**
 * The configuration file of the working directory, or null. Parent folders are not searched: the same command in
 * the same folder means the same run on every machine.
 * @throws RunnerError `bad-config` if it cannot be loaded, is no object, or holds an unknown key
 */
export async function loadConfigFile(cwd: string): Promise<ConfigFile | null> {
  for (const name of CONFIG_FILES) {
    const path = join(cwd, name);
    if (await exists(path)) return { path: name, values: checkKeys(await load(path, name), name) };
  }
  return null;
}

async function load(path: string, name: string): Promise<unknown> {
  try {
    if (name.endsWith('.json')) return JSON.parse(await readFile(path, 'utf8'));
    const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    return module.default;
  } catch (error) {
    throw new RunnerError('bad-config', `${name} cannot be loaded: ${describeError(error)}.`, {
      cause: error,
    });
  }
}

function checkKeys(config: unknown, name: string): Record<string, unknown> {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new RunnerError('bad-config', `${name}: expected an object of settings.`);
  }
  const unknown = Object.keys(config).find((key) => !(SETTING_NAMES as readonly string[]).includes(key));
  if (unknown !== undefined) {
    throw new RunnerError(
      'bad-config',
      `${name}: there is no setting ${JSON.stringify(unknown)}${didYouMean(unknown, SETTING_NAMES) || '.'}`,
    );
  }
  return config as Record<string, unknown>;
}
