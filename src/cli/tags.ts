/** `--tag KEY=VALUE`, given as often as there are tags: what a run is found again by. */
import { RunnerError } from '../contract/errors.js';
import { MOST_TAG_CHARACTERS } from '../tracking/record/cut.js';
import { isServerKey, MOST_KEY_CHARACTERS } from '../tracking/record/keys.js';

export type Tags = Readonly<Record<string, string>>;

/** Tags that MLflow and the logging task write themselves. */
const RESERVED = ['mlflow.', 'runner.'] as const;

/**
 * @param given as the command line has them; the value is what follows the first `=`, and may be empty
 * @throws RunnerError `usage` for one that a tracking server would not take as it is, and for two values of one key
 */
export function readTags(given: readonly string[] = []): Tags {
  const tags = new Map<string, string>();
  for (const text of given) {
    const [key, value] = splitTag(text);
    if ((tags.get(key) ?? value) !== value) {
      throw badTag(`expected one value of ${key}, got ${show(tags.get(key) ?? '')} and ${show(value)}`);
    }
    tags.set(key, value);
  }
  return Object.fromEntries(tags);
}

function splitTag(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw badTag(`expected KEY=VALUE, got ${show(text)}`);
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  const prefix = RESERVED.find((reserved) => key.startsWith(reserved));
  if (prefix !== undefined)
    throw badTag(`keys that begin with ${prefix} are not for tags of yours: ${show(key)}`);
  if (!isServerKey(key)) {
    throw badTag(
      `expected a key of at most ${MOST_KEY_CHARACTERS} letters, digits, spaces and _ - . / (none of these first), got ${show(key)}`,
    );
  }
  if (value.length > MOST_TAG_CHARACTERS) {
    throw badTag(`expected at most ${MOST_TAG_CHARACTERS} characters of ${key}, got ${value.length}`);
  }
  return [key, value];
}

const LONGEST_SHOWN = 60;
const show = (text: string): string =>
  JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);

const badTag = (what: string): RunnerError => new RunnerError('usage', `--tag: ${what}.`);
