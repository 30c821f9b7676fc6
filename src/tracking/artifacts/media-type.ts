import { posix } from 'node:path';

/** What a browser that opens the artifact straight from the store needs to be told. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.ndjson': 'application/x-ndjson',
  '.log': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.yaml': 'application/yaml',
  '.png': 'image/png',
};

export const mediaTypeOf = (path: string): string =>
  MEDIA_TYPES[posix.extname(path).toLowerCase()] ?? 'application/octet-stream';
