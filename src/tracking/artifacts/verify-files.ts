/** Comparing what a store holds with what was sent. */
import { createHash } from 'node:crypto';
import pMap from 'p-map';
import type { ArtifactFile, ArtifactStore, Mismatch } from './artifact-store.js';
import { retryAtStore, STORE_PATIENCE } from './store-retry.js';

/** Reading back takes the store's time and this machine's: a few at once hide what each waits. */
const READERS = 4;

function compareSizes(
  files: readonly ArtifactFile[],
  sizes: ReadonlyMap<string, number>,
): readonly Mismatch[] {
  return files.flatMap(({ path, bytes }): Mismatch[] => {
    const size = sizes.get(path);
    if (size === undefined) return [{ path, why: 'missing' }];
    return size === bytes ? [] : [{ path, why: 'size' }];
  });
}

/** What a store can tell of what it holds. */
export interface StoreReader {
  /** Bytes by path of those of the files, perhaps among others, that are there. */
  sizes(files: readonly ArtifactFile[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** Null if there is no such file. */
  read(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | null>;
}

/** What each kind of store has of its own. */
export type StoreAdapter = Omit<ArtifactStore, 'verify'> & StoreReader;

/** A store that compares what it was sent with what it can tell. */
export const withVerify = (adapter: StoreAdapter): ArtifactStore => ({
  ...{ uri: adapter.uri, concurrency: adapter.concurrency },
  put: (file, signal) => adapter.put(file, signal),
  verify: (files, options) => verifyFiles(files, adapter, options),
  close: () => adapter.close(),
});

/** Sizes of all by listing, and with `deep` every byte of those of the right size by reading it back. */
async function verifyFiles(
  files: readonly ArtifactFile[],
  reader: StoreReader,
  { deep, signal }: { readonly deep: boolean; readonly signal: AbortSignal },
): Promise<readonly Mismatch[]> {
  const differing = compareSizes(files, await reader.sizes(files, signal));
  if (!deep) return differing;
  const differ = new Set(differing.map(({ path }) => path));
  const compare = async (file: ArtifactFile): Promise<readonly Mismatch[]> => {
    signal.throwIfAborted();
    const hash = createHash('sha256');
    const content = await reader.read(file.path, signal);
    if (content === null) return [{ path: file.path, why: 'missing' }];
    for await (const chunk of content) hash.update(chunk);
    return hash.digest('hex') === file.sha256 ? [] : [{ path: file.path, why: 'sha256' }];
  };
  const rest = files.filter(({ path }) => !differ.has(path));
  const compareAgain = (file: ArtifactFile) => retryAtStore(() => compare(file), STORE_PATIENCE, signal);
  return [...differing, ...(await pMap(rest, compareAgain, { concurrency: READERS })).flat()];
}
