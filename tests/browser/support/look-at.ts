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

/** Colours of lines and marks whose contrast with the page is less than 3 : 1 (success criterion 1.4.11), by their names. */
export const poorMarks = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const root = getComputedStyle(document.documentElement);
    const luminance = (hex: string): number => {
      const [r = 0, g = 0, b = 0] = [1, 3, 5]
        .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
        .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const valueOf = (name: string): number => luminance(root.getPropertyValue(name).trim());
    const names = ['--side-0', '--side-1', '--side-2', '--side-3', '--side-4', '--side-5'];
    return names.filter((name) => {
      const [lighter = 0, darker = 0] = [valueOf(name), valueOf('--paper')].sort((a, b) => b - a);
      return !((lighter + 0.05) / (darker + 0.05) >= 3);
    });
  });

/** How many CSS pixels the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
