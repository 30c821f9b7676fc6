/** HTML in which nothing but what the page itself writes is markup. */
import { printable } from '../../printable.js';

/** Text that is HTML already. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Content = Markup | string | number | null | undefined | readonly Content[];

/**
 * A piece of HTML. What is put in is text, and escaped, unless it is a piece of HTML itself; lists are put one after the
 * other, null and undefined are nothing. Good in element content and between the quotes of an attribute.
 */
export const html = (parts: TemplateStringsArray, ...contents: readonly Content[]): Markup =>
  new Markup(String.raw({ raw: parts }, ...contents.map(render)));

/** HTML made by a program that escapes for itself. */
export const trusted = (text: string): Markup => new Markup(text);

function render(content: Content): string {
  if (content === null || content === undefined) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return escapeHtml(String(content));
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};
const escapeHtml = (text: string): string =>
  printable(text).replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
