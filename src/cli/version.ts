import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isErrno } from '../common/errors.js';

/** The version in this package's package.json, found from the source tree and from dist/ alike. */
export function packageVersion(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
      return manifest.version;
    } catch (error) {
      if (!isErrno(error, 'ENOENT') || folder === dirname(folder)) throw error;
    }
  }
}
