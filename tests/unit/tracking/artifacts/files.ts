import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ContentHash } from '../../../../src/common/content-digest.js';
import type { ArtifactFile } from '../../../../src/tracking/artifacts/artifact-store.js';

export const sha256 = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/** A file in a folder, as it is to be sent. */
export function artifact(folder: string, path: string, content: string | Uint8Array): ArtifactFile {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return { path, file, ...new ContentHash().update(Buffer.from(content)).digest() };
}
