/** Text broken between words, so that no line is longer than `width` unless a word is. */
export function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

const INDENT = 9;

/** `name     text`, further lines under the text. */
export const hang = (name: string, text: string, width: number): string =>
  `${name.padEnd(INDENT)}${wrap(text, width - INDENT).replaceAll('\n', `\n${' '.repeat(INDENT)}`)}`;
