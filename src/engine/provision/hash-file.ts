import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileRecord } from '../manifest.js';

/** sha256 of a file, hex. @param onBytes told of each piece */
export async function hashFile(
  path: string,
  { signal, onBytes }: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<string> {
  const hash = createHash('sha256');
  const file = createReadStream(path, { highWaterMark: 1 << 20, signal });
  for await (const piece of file as AsyncIterable<Buffer>) {
    hash.update(piece);
    onBytes?.(piece.length);
  }
  return hash.digest('hex');
}

/** Size and hash of a file in a folder, for its manifest. */
export async function recordFile(dir: string, path: string): Promise<FileRecord> {
  const { size } = await stat(join(dir, path));
  return { path, bytes: size, sha256: await hashFile(join(dir, path)) };
}
