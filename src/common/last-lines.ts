/** The end of a program's output, where the cause usually stands. */
export const lastLines = (output: string, count: number): string =>
  output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count)
    .join('\n');
