/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What a page looks like to its reader, found out in the page itself. */
import type { Page } from 'playwright-core';

export interface PoorContrast {
  readonly text: string;
  readonly ratio: number;
}

/** Text whose contrast with what is behind it is less than WCAG 2.2 asks for at level AA (success criterion 1.4.3). */
export const poorContrasts = (page: Page): Promise<PoorContrast[]> =>
  page.evaluate(() => {
    type Colour = readonly [red: number, green: number, blue: number, alpha: number];
    const parse = (text: string): Colour => {
      const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
      return [red, green, blue, alpha];
    };
    const over = ([r, g, b, a]: Colour, [r2, g2, b2]: Colour): Colour => [
      ...([r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a)] as const),
      1,
    ];
    const backgroundOf = (element: Element | null): Colour => {
      if (element === null) return [255, 255, 255, 1];
      const own = parse(getComputedStyle(element).backgroundColor);
      return own[3] === 1 ? own : over(own, backgroundOf(element.parentElement));
    };
    const luminance = (colour: Colour): number => {
      const [r = 0, g = 0, b = 0] = colour
        .slice(0, 3)
        .map((channel) => channel / 255)
        .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const poor: PoorContrast[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim() ?? '';
      if (element === null || text === '' || element.closest('style') !== null) continue;
      const style = getComputedStyle(element);
      const background = backgroundOf(element);
      const colour = parse(element.closest('svg') === null ? style.color : style.fill);
      const [lighter = 0, darker = 0] = [luminance(over(colour, background)), luminance(background)].sort(
        (a, b) => b - a,
      );
      const ratio = (lighter + 0.05) / (darker + 0.05);
      if (ratio < 4.5) poor.push({ text, ratio });
    }
    return poor;
  });

/** Opacity below which a shape is a wash between others, which carry its meaning. */
const WASH = 0.3;

/**
 * Lines and marks of the charts whose contrast with the page is less than 3 : 1 (success criterion 1.4.11), by their
 * colours; and colours of sides that would be such, whether or not this page has so many. Grid lines carry no meaning.
 */
export const poorMarks = (page: Page): Promise<string[]> =>
  page.evaluate((wash) => {
    const probe = document.body.appendChild(document.createElement('span'));
    const colourOf = (value: string): string => {
      probe.style.color = value;
      return getComputedStyle(probe).color;
    };
    const channelsOf = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
    const luminance = (channels: readonly number[]): number => {
      const [r = 0, g = 0, b = 0] = channels
        .map((channel) => channel / 255)
        .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [paper, grid] = [colourOf('var(--paper)'), colourOf('var(--rule)')];
    const isPoor = (colour: string, opacity: number): boolean => {
      const [behind, before] = [channelsOf(paper), channelsOf(colour)];
      const seen = before.map((channel, index) => opacity * channel + (1 - opacity) * (behind[index] ?? 0));
      const [lighter = 0, darker = 0] = [luminance(seen), luminance(behind)].sort((a, b) => b - a);
      return (lighter + 0.05) / (darker + 0.05) < 3;
    };
    const poor = new Set<string>();
    for (const shape of document.querySelectorAll('.plot svg path, .key svg path')) {
      const { fill, fillOpacity, stroke, strokeOpacity, opacity } = getComputedStyle(shape);
      // That is not painted.
      if (shape.closest('clipPath') !== null) continue;
      for (const [colour, own] of [
        [fill, fillOpacity],
        [stroke, strokeOpacity],
      ] as const) {
        const strength = Number(own) * Number(opacity);
        if (colour === 'none' || colour === grid || strength < wash) continue;
        if (isPoor(colour, strength)) poor.add(`${colour} at ${strength}`);
      }
    }
    for (let side = 0; side < 6; side += 1) {
      if (isPoor(colourOf(`var(--side-${side})`), 1)) poor.add(`--side-${side}`);
    }
    probe.remove();
    return [...poor];
  }, WASH);

/** How many CSS pixels the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
