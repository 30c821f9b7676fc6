import { relative } from 'node:path';
import { describeError } from '../common/errors.js';
import { didYouMean } from '../common/nearest.js';
import { RunnerError } from '../contract/errors.js';
import { SETTING_NAMES } from './options.js';

export interface ConfigFile {
  /** As messages name it: relative to the working directory. */
  readonly path: string;
  /** By setting name; the values are not checked yet. */
  readonly values: Readonly<Record<string, unknown>>;
}

export const CONFIG_FILES = [
  'runner.config.json',
  'runner.config.js',
  'runner.config.mjs',
  'runner.config.cjs',
];

/**
 * The configuration file of the working directory, or null. Parent folders are not searched: the same command in
 * the same folder means the same run on every machine.
 * @throws RunnerError `bad-config` if it cannot be loaded, is no object, or holds an unknown key
 */
export async function loadConfigFile(cwd: string): Promise<ConfigFile | null> {
  const { lilconfig } = await import('lilconfig');
  const explorer = lilconfig('runner', {
    searchPlaces: CONFIG_FILES,
    stopDir: cwd,
    ignoreEmptySearchPlaces: false,
  });
  const found = await explorer.search(cwd).catch((error: unknown) => {
    throw new RunnerError('bad-config', `The configuration file cannot be loaded: ${describeError(error)}.`, {
      cause: error,
    });
  });
  if (found === null) return null;
  const path = relative(cwd, found.filepath);
  return { path, values: checkKeys(found.config, path) };
}

function checkKeys(config: unknown, path: string): Record<string, unknown> {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new RunnerError('bad-config', `${path}: expected an object of settings.`);
  }
  const unknown = Object.keys(config).find((key) => !(SETTING_NAMES as readonly string[]).includes(key));
  if (unknown !== undefined) {
    throw new RunnerError(
      'bad-config',
      `${path}: there is no setting ${JSON.stringify(unknown)}${didYouMean(unknown, SETTING_NAMES)}`,
    );
  }
  return config as Record<string, unknown>;
}
