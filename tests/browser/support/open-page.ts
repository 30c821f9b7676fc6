/** Pages in Chromium, with whatever they ask for or complain of. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, and scripts that failed. */
  readonly complaints: readonly string[];
  /** Addresses that it asked for, itself and `data:` left out. */
  readonly requests: readonly string[];
}

export interface Viewing {
  /** CSS pixels. */
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

/** Opens a document as a file, the way a person does to whom it was sent. */
export async function openPage(
  browser: Browser,
  { text, folder }: { readonly text: string; readonly folder: string },
  { width, scheme }: Viewing,
): Promise<OpenedPage> {
  const file = join(folder, 'report.html');
  writeFileSync(file, text);
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
  const complaints: string[] = [];
  const requests: string[] = [];
  const own = pathToFileURL(file).href;
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url() !== own && !request.url().startsWith('data:')) requests.push(request.url());
  });
  await page.goto(own);
  return { page, complaints, requests, [Symbol.asyncDispose]: () => page.close() };
}
