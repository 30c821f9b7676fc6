import { html } from './markup.js';
import type { Content, Markup } from './markup.js';

export interface Table {
  /** What it holds: for who cannot see it, and for who comes by keyboard. */
  readonly caption: string;
  readonly header: readonly string[];
  readonly rows: readonly TableRow[];
  /** How many columns at the left are words; the others are numbers, aligned at the right. Default: 1. */
  readonly words?: number;
}

/** Its first cell is its heading; one that is alone goes over the whole width, and heads those below it. */
export type TableRow = readonly Content[];

/** A table that, where it is wider than its place, is moved by itself: the page never is. */
export function table({ caption, header, rows, words = 1 }: Table): Markup {
  const align = (column: number): string => (column < words ? 'word' : 'number');
  const body = rows.map((row) => {
    const [first, ...others] = row;
    if (others.length === 0 && header.length > 1) {
      return html`<tr class="group">
        <th scope="rowgroup" colspan="${header.length}">${first}</th>
      </tr>`;
    }
    const cells = others.map((cell, index) => html`<td class="${align(index + 1)}">${cell}</td>`);
    return html`<tr>
      <th scope="row">${first}</th>
      ${cells}
    </tr> `;
  });
  const heads = header.map((name, column) => html`<th scope="col" class="${align(column)}">${name}</th>`);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
    <table>
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

/** At most so many of the rows, evenly taken, the first and the last among them. */
export function thinned<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, index) => {
    const place = Math.round((index * (items.length - 1)) / (most - 1));
    return items[place] as T;
  });
}
