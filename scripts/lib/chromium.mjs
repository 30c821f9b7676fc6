/** A real browser for tests and pictures of pages: the machine's own Chromium. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { aptInstall, whyNoApt } from './apt.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * The program that CHROMIUM names, or PATH has.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} undefined where there is none
 */
export function findChromium({ CHROMIUM: named, PATH = '' }) {
  if (named) return existsSync(named) ? named : undefined;
  const folders = PATH.split(':').filter((folder) => folder !== '');
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) =>
    existsSync(path),
  );
}

/** @returns {string | undefined} why {@link installChromium} cannot work here */
export const whyNoChromiumInstalled = () => whyNoApt('Chromium');

/** Ubuntu's package of this name is a snap, which takes an init system; fonts for figures and signs come along. */
export const installChromium = () => aptInstall(['chromium', 'fonts-dejavu-core']);

/**
 * Starts it headless, and so that it asks nobody anything by itself.
 * @param {string} executablePath
 */
export const launchChromium = (executablePath) =>
  chromium.launch({
    executablePath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
