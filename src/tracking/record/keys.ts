/**
 * Names as a tracking server takes them: MLflow's `mlflow/utils/validation.py`, and of what it allows only what every
 * server does. Letters and digits are ASCII, as Python's idea of a letter changes with its version; a colon is refused
 * by servers on Windows.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';

export const MOST_KEY_CHARACTERS = 250;
/** Leaves room for what a segment is put behind. */
const MOST_SEGMENT_CHARACTERS = 200;

const TAKEN = /^[\w/.\- ]+$/;
const NOT_TAKEN = /[^\w/.\- ]/gu;
const HASH_CHARACTERS = 12;
/** How every mapped key ends, and no other. */
const MAPPED = new RegExp(String.raw`\.[0-9a-f]{${HASH_CHARACTERS}}$`);

/** Whether every server takes the key of a parameter, tag or metric as it is. */
export const isServerKey = (key: string): boolean =>
  key.length <= MOST_KEY_CHARACTERS &&
  TAKEN.test(key) &&
  // Keys may become files: the server wants them to be a path below a folder, in its shortest form.
  posix.normalize(key) === key &&
  key !== '.' &&
  !key.startsWith('..') &&
  !key.startsWith('/') &&
  !key.endsWith('/');

/**
 * The key that a server takes: itself where it can be. Another one is made legible, and ends in 12 characters of its
 * sha256; one that ends like that by itself is mapped too, so no two keys become one.
 */
export const serverKey = (key: string): string =>
  isServerKey(key) && !MAPPED.test(key) ? key : mapped(key, key, MOST_KEY_CHARACTERS);

/** As `serverKey`, for a name that stands behind the last slash of a key: its own slashes must not make more groups. */
export const serverSegment = (name: string): string =>
  isServerKey(name) && !MAPPED.test(name) && !name.includes('/') && name.length <= MOST_SEGMENT_CHARACTERS
    ? name
    : mapped(name.replaceAll('/', '_'), name, MOST_SEGMENT_CHARACTERS);

function mapped(legible: string, original: string, most: number): string {
  const hash = createHash('sha256').update(original).digest('hex').slice(0, HASH_CHARACTERS);
  const path = legible
    .replace(NOT_TAKEN, '_')
    .split('/')
    .filter((part) => !['', '.', '..'].includes(part))
    .join('/')
    .replace(/^\.+/, '');
  return `${path.slice(0, most - HASH_CHARACTERS - 1)}.${hash}`;
}

/** `learningRate` → `learning_rate`, as those write names who read them on the server; other forms stay. */
export const snakeCase = (name: string): string =>
  /^[a-z][a-zA-Z0-9]*$/.test(name) ? name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase() : name;
