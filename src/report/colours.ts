/** Colours of a terminal, by the number of their escape sequence. */
export const BOLD = 1;
export const RED = 31;
export const GREEN = 32;
export const YELLOW = 33;

/** Text in a colour; as it is without one. */
export type Paint = (text: string, code: number | undefined) => string;

/** @param colour whether there are any: else all text stays as it is */
export const painter =
  (colour: boolean): Paint =>
  (text, code) =>
    colour && code !== undefined ? `\u001B[${code}m${text}\u001B[0m` : text;
