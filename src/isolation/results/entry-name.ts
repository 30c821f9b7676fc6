/** Names that a file of a run may have on whatever file system the run directory lies. */
const MOST_NAME_BYTES = 255;
const MOST_PATH_BYTES = 1024;
const MOST_SHOWN_CHARACTERS = 200;

/** What a decoder gives for bytes that are no UTF-8. */
const UNDECODABLE = '\ufffd';
/** Control characters, invisible ones that change what is shown (text direction, say), and line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * What is wrong with a path relative to a folder, written with slashes.
 * @returns undefined if nothing is; else the end of a sentence about it
 */
export function faultOfPath(path: string): string | undefined {
  if (path === '') return 'has no name';
  if (path.startsWith('/')) return 'has an absolute name';
  if (path.includes('\\')) return 'has a backslash in its name';
  if (path.includes(UNDECODABLE)) return 'has a name that is not UTF-8';
  if (UNPRINTABLE.test(path)) return 'has a control character in its name';
  if (Buffer.byteLength(path) > MOST_PATH_BYTES) return `has a path longer than ${MOST_PATH_BYTES} bytes`;
  for (const name of path.split('/')) {
    if (name === '') return 'has an empty name in its path';
    if (name === '.' || name === '..') return `has "${name}" in its path`;
    if (Buffer.byteLength(name) > MOST_NAME_BYTES) return `has a name longer than ${MOST_NAME_BYTES} bytes`;
  }
  return undefined;
}

/** The same for names that a file system could take for one another: it ignores case or the form of accents. */
export const foldPath = (path: string): string =>
  path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');

/** In quotes, harmless on a terminal, and not endless. */
export function showPath(path: string): string {
  const characters = Array.from(path);
  const shown = characters.slice(0, MOST_SHOWN_CHARACTERS).map((character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return UNPRINTABLE.test(character) ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : character;
  });
  return `"${shown.join('')}${characters.length > MOST_SHOWN_CHARACTERS ? '…' : ''}"`;
}
