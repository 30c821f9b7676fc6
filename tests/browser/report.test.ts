/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { renderHtml } from '../../src/report/compare/html/page.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { barePage, fullPage, hostilePage } from '../unit/report/compare/pages.js';
import { overflow, poorContrasts, poorMarks } from './support/look-at.js';
import { openPage } from './support/open-page.js';
import type { Viewing } from './support/open-page.js';

const VERSION = { version: '1.2.3' };
const PHONE = 360;
const DESKTOP = 1280;

let browser: Browser | undefined;
const directory = temporaryDirectory();
beforeAll(async () => {
  const found = inject('chromium');
  if ('path' in found) browser = await launchChromium(found.path);
});
afterAll(async () => {
  await browser?.close();
  directory[Symbol.dispose]();
});

const open = (text: string, viewing: Viewing) =>
  openPage(browser!, { text, folder: directory.path }, viewing);

const EVERYWHERE: readonly Viewing[] = [
  { width: PHONE, scheme: 'light' },
  { width: PHONE, scheme: 'dark' },
  { width: DESKTOP, scheme: 'light' },
  { width: DESKTOP, scheme: 'dark' },
];
/** The colours are the same as of the page above. */
const TWICE = [
  { width: PHONE, scheme: 'light' },
  { width: DESKTOP, scheme: 'dark' },
] as const;

const PAGES = {
  'three modes with repeats': renderHtml(fullPage({ sameWeights: false }), VERSION),
  'runs of which hardly anything is known': renderHtml(barePage(), VERSION),
  'names that try to be markup': renderHtml(hostilePage(), VERSION),
};

describe.each(Object.entries(PAGES))('the page of %s', (name, text) => {
  it.each(name === 'three modes with repeats' ? EVERYWHERE : TWICE)(
    'at $width pixels, $scheme: asks for nothing, fits, can be read',
    async (viewing) => {
      await using opened = await open(text, viewing);
      const { page, complaints, requests } = opened;
      expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
      await page.evaluate(() =>
        document.querySelectorAll('details').forEach((details) => (details.open = true)),
      );
      expect(await overflow(page)).toBe(0);
      expect(await poorContrasts(page)).toEqual([]);
      expect(await poorMarks(page)).toEqual([]);
      const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(dark).toBe(viewing.scheme === 'dark' ? 'rgb(20, 23, 27)' : 'rgb(255, 255, 255)');
    },
  );
});

describe('the page', () => {
  const text = PAGES['three modes with repeats'];

  it('has one main part, headings in order, and a name for each section and table', async () => {
    await using opened = await open(text, { width: DESKTOP, scheme: 'light' });
    const { page } = opened;
    const found = await page.evaluate(() => {
      const levels = [...document.querySelectorAll('h1, h2, h3')].map(({ tagName }) =>
        Number(tagName.slice(1)),
      );
      const nameless = [...document.querySelectorAll('section, .scroll, [role=img], nav')].filter(
        (element) =>
          !(
            element.getAttribute('aria-label') ??
            document.getElementById(element.getAttribute('aria-labelledby') ?? '')?.textContent
          ),
      );
      return {
        mains: document.querySelectorAll('main').length,
        skipped: levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1),
        nameless: nameless.length,
        pictures: [...document.images].filter(({ alt, naturalWidth }) => alt === '' || naturalWidth === 0)
          .length,
        ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
      };
    });
    expect({ ...found, ids: found.ids.length - new Set(found.ids).size }).toEqual({
      ...{ mains: 1, skipped: [], nameless: 0, pictures: 0, ids: 0 },
    });
  });

  it('is gone through by keyboard: sections, tables that scroll, data that opens', async () => {
    await using opened = await open(text, { width: PHONE, scheme: 'light' });
    const { page } = opened;
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('href'))).toBe('#answer');
    await page.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.querySelector('details')?.open)).toBe(true);
    await page.locator('#figures .scroll').first().focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.evaluate(() => document.activeElement?.scrollLeft)).toBeGreaterThan(0);
  });

  it('draws every chart with colours of the theme, none of them black by mistake', async () => {
    await using opened = await open(text, { width: DESKTOP, scheme: 'dark' });
    const { page } = opened;
    const colours = await page.evaluate(() => {
      const used = new Set<string>();
      for (const shape of document.querySelectorAll('.plot svg > path, .plot svg > g path, .plot svg text')) {
        const { fill, stroke } = getComputedStyle(shape);
        if (fill !== 'none') used.add(fill);
        if (stroke !== 'none') used.add(stroke);
      }
      return [...used];
    });
    expect(colours).toContain('rgb(108, 178, 240)');
    expect(colours).not.toContain('rgb(0, 0, 0)');
  });

  it('prints on pages, in light colours, without what only a screen needs', async () => {
    await using opened = await open(text, { width: DESKTOP, scheme: 'dark' });
    const { page } = opened;
    const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
    expect(pdf.startsWith('%PDF')).toBe(true);
    expect([...pdf.matchAll(/\/Type \/Page\b/g)].length).toBeGreaterThan(3);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
      'rgb(255, 255, 255)',
    );
    expect(await page.locator('nav').isVisible()).toBe(false);
  });
});

it('what looks at a page for what cannot be read finds it, once there is any', async () => {
  await using opened = await open(PAGES['three modes with repeats'], { width: PHONE, scheme: 'light' });
  const { page } = opened;
  const seen = async () => ({
    texts: (await poorContrasts(page)).length > 0,
    marks: await poorMarks(page),
    wider: (await overflow(page)) > 0,
  });
  const READABLE = { texts: false, marks: [], wider: false };
  expect(await seen()).toEqual(READABLE);
  for (const [style, found] of [
    ['.aside { color: #8a8f96 }', { texts: true }],
    ['.plot svg text { fill: #8a8f96 }', { texts: true }],
    ['.matrix .miss { background: #777; color: #000a }', { texts: true }],
    [
      ':root { --side-0: #b9cfe4 }',
      { marks: ['rgb(185, 207, 228) at 1', 'rgb(185, 207, 228) at 0.75', '--side-0'] },
    ],
    [':root { --side-5: #f3c3d5 }', { marks: ['--side-5'] }],
    ['.verdict { width: 500px }', { wider: true }],
  ] as const) {
    const added = await page.addStyleTag({ content: style });
    expect(await seen(), style).toMatchObject({ ...READABLE, ...found });
    await added.evaluate((element: HTMLStyleElement) => element.remove());
  }
});
