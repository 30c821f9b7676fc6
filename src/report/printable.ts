/**
 * Text from a run directory, a data set or an environment as it may go to a terminal: control characters, which
 * could move the cursor or rewrite what was shown, are escaped. Line feeds and tabs stay.
 */
export const printable = (text: string): string =>
  text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, escape);

const escape = (character: string): string =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
