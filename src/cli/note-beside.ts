import { printable } from '../report/printable.js';
import type { Output } from './output.js';

/** Notes that a display gives way to: each begins on a fresh line, and nothing in it steers the terminal. */
export const noteBeside =
  (display: { readonly finish: () => void }, output: Pick<Output, 'note'>) =>
  (text: string): void => {
    display.finish();
    output.note(printable(text));
  };
