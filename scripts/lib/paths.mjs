import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of the checkout, or of the installed package. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The compiled sources: in a checkout a link to the current build. */
export const DIST = join(ROOT, 'dist');
/** The compiled command line. */
export const CLI = join(DIST, 'src', 'cli', 'main.js');
/** All builds of the checkout, each in a folder of its own, and the lock of those who make them. */
export const BUILDS = join(ROOT, '.builds');
