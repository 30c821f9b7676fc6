/** Pictures of pages for docs/images. */
import { statSync } from 'node:fs';
import { findChromium, launchChromium } from './chromium.mjs';

const MOST_BYTES = 200_000;

/** @returns the browser that CHROMIUM names, or PATH has @throws where there is none */
export function openBrowser() {
  const found = findChromium(process.env);
  if (found === undefined) throw new Error('There is no Chromium: install it, or name it in CHROMIUM.');
  return launchChromium(found);
}

/**
 * Photographs what is in view.
 * @param {import('playwright-core').Page} page
 * @param {string} file
 * @param {import('playwright-core').PageScreenshotOptions} [options]
 * @throws if the picture is too large for the repository
 */
export async function takePicture(page, file, options = {}) {
  await page.screenshot({ ...options, path: file });
  const { size } = statSync(file);
  console.log(`${file} (${Math.round(size / 1000)} kB)`);
  if (size > MOST_BYTES) throw new Error(`${file} is larger than ${MOST_BYTES} bytes.`);
}
