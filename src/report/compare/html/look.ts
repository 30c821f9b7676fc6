/** How sides are told apart: by colour, and by line and mark for whom colours say nothing. */
import { SIDE_NAMES } from '../choose-sides.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';
import { MOST_SIDES } from '../shown-part.js';

export interface SideLook {
  /** Of CSS; what it is depends on light and dark. */
  readonly colour: string;
  /** Lengths of dashes and gaps; none for a whole line. */
  readonly dash: readonly number[];
  /** As ECharts has it. */
  readonly symbol: string;
}

const DASHES = [[], [7, 4], [3, 3], [9, 3, 2, 3], [12, 5], [4, 2]] as const;

/** Outlines in a square of 10 × 10. */
const SHAPES = [
  'M5 0A5 5 0 1 1 5 10A5 5 0 1 1 5 0Z',
  'M5 0L10 5L5 10L0 5Z',
  'M5 0L10 9L0 9Z',
  'M1 1H9V9H1Z',
  'M3.5 0H6.5V3.5H10V6.5H6.5V10H3.5V6.5H0V3.5H3.5Z',
  'M2 0L5 3L8 0L10 2L7 5L10 8L8 10L5 7L2 10L0 8L3 5L0 2Z',
] as const;

const FIRST_LETTER = 'a'.charCodeAt(0);

/** Sides are modes, or they are counted: run1, run2, …; a, b, … */
function placeOf(name: string): number {
  const known = SIDE_NAMES.indexOf(name);
  if (known !== -1) return known;
  const number = /^run(\d+)$/.exec(name)?.[1];
  const place = number === undefined ? name.charCodeAt(0) - FIRST_LETTER : Number(number) - 1;
  return Math.abs(place) % MOST_SIDES;
}

/** By its name alone: a side looks the same in every chart of a page, and a mode on every page. */
export function lookOf(name: string): SideLook {
  const place = placeOf(name);
  return {
    colour: `var(--side-${place})`,
    dash: DASHES[place] ?? [],
    symbol: `path://${SHAPES[place] ?? SHAPES[0]}`,
  };
}

/** What the lines and marks of a section's charts stand for. */
export function sideKey(names: readonly string[]): Markup {
  const items = names.map((name) => {
    const { colour, dash } = lookOf(name);
    const shape = SHAPES[placeOf(name)] ?? SHAPES[0];
    return html`<li>
      <svg width="40" height="14" viewBox="0 0 40 14" aria-hidden="true">
        <path
          d="M0 7H40"
          stroke="${colour}"
          stroke-width="2.5"
          stroke-dasharray="${dash.join(' ') || 'none'}"
          fill="none"
        />
        <path d="${shape}" transform="translate(15 2)" fill="${colour}" /></svg
      >${name}
    </li>`;
  });
  return html`<ul class="key" aria-label="Sides">
    ${items}
  </ul>`;
}

/** Colours of the page that charts use; an SVG in the page knows them. */
export const INK = 'var(--ink)';
export const MUTED = 'var(--muted)';
export const RULE = 'var(--rule)';
