/** Text as one word of a command line that a person may copy: as it is, or quoted for a POSIX shell where it must be. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
