/**
 * Finds Chromium once for all tests; with CI or RUNNER_TEST_INSTALL set it is installed where that can be. Elsewhere
 * these tests are skipped with the reason, and with CI set they fail.
 */
import type { TestProject } from 'vitest/node';
import { findChromium, installChromium, whyNoChromiumInstalled } from '../../../scripts/lib/chromium.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program, or why there is none. */
    chromium: { readonly path: string } | { readonly lacking: string };
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const mayInstall = process.env.CI ?? process.env.RUNNER_TEST_INSTALL;
  const why = whyNoChromiumInstalled();
  if (findChromium(process.env) === undefined && mayInstall && why === undefined) await installChromium();
  const path = findChromium(process.env);
  const lacking = `these tests need Chromium, named by CHROMIUM or in PATH${why === undefined ? '' : `; ${why}`}`;
  if (path === undefined && process.env.CI) throw new Error(lacking);
  project.provide('chromium', path === undefined ? { lacking } : { path });
}
