import { setMaxListeners } from 'node:events';
import pMap from 'p-map';
import { toRunnerError } from '../../common/errors.js';
import type { RunnerError } from '../../contract/errors.js';
import { ARTIFACT_FILES } from '../../contract/run-directory.js';
import type { ArtifactFile, ArtifactStore } from './artifact-store.js';
import type { FailedFile } from './collect-files.js';
import { isPassing, retryAtStore, STORE_PATIENCE, type StorePatience } from './store-retry.js';

/** Larger ones have the connection, and the memory, for themselves. */
export const SMALL_FILE_BYTES = 1024 * 1024;

/**
 * With so many files given up, and none taken since the first of them was begun, the others are not tried: each would
 * wait as long.
 */
const GIVEN_UP_IN_A_ROW = 3;

/** What holds for the next file as for this one. */
const HOLDS_FOR_ALL: readonly string[] = [
  'artifact-store-forbidden',
  'artifact-store-unsupported',
  'bucket-missing',
  'clock-skewed',
];

export interface UploadOptions {
  /** Whether the store is known to hold this file already, with this content. */
  readonly alreadyThere: (path: string, sha256: string) => boolean;
  /** Told after each file, one at a time. What it throws ends the upload. */
  readonly onUploaded: (file: ArtifactFile) => Promise<void>;
  readonly patience?: StorePatience;
  readonly signal: AbortSignal;
}

export interface Uploaded {
  readonly uploaded: readonly ArtifactFile[];
  readonly failed: readonly FailedFile[];
}

/**
 * Sends files: small ones side by side, then large ones one by one, and last the manifest, which says that the others
 * are there. Each is tried again as a whole. One that fails leaves the others alone, unless it shows that they would
 * fail as well: then these are given up with the same error.
 * @throws what `onUploaded` throws; the signal's reason
 */
export async function uploadArtifacts(
  store: ArtifactStore,
  files: readonly ArtifactFile[],
  { alreadyThere, onUploaded, patience = store.patience ?? STORE_PATIENCE, signal }: UploadOptions,
): Promise<Uploaded> {
  const uploaded: ArtifactFile[] = [];
  const failed: FailedFile[] = [];
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  // One or two for each request that is under way are no leak.
  setMaxListeners(Infinity, either);
  let givenUp: RunnerError | undefined;
  let inARow = 0;
  let telling = Promise.resolve();

  const send = async (file: ArtifactFile): Promise<void> => {
    if (givenUp !== undefined) {
      failed.push({ path: file.path, error: givenUp });
      return;
    }
    const before = uploaded.length;
    try {
      // A file may always be sent twice.
      await retryAtStore(() => store.put(file, either), patience, either);
    } catch (error) {
      signal.throwIfAborted();
      const known = toRunnerError(error, file.file);
      failed.push({ path: file.path, error: known });
      if (isPassing(error) && uploaded.length === before) inARow += 1;
      if (HOLDS_FOR_ALL.includes(known.code) || inARow >= GIVEN_UP_IN_A_ROW) givenUp ??= known;
      return;
    }
    inARow = 0;
    uploaded.push(file);
    telling = telling.then(() => onUploaded(file));
    await telling;
  };

  const missing = files.filter(({ path, sha256 }) => !alreadyThere(path, sha256));
  const rounds = [
    { concurrency: store.concurrency, files: missing.filter((file) => roundOf(file) === 'small') },
    { concurrency: 1, files: missing.filter((file) => roundOf(file) === 'large') },
    { concurrency: 1, files: missing.filter((file) => roundOf(file) === 'manifest') },
  ];
  for (const { concurrency, files: round } of rounds) {
    const sending: Promise<void>[] = [];
    try {
      await pMap(round, (file) => sending[sending.push(send(file)) - 1], { concurrency });
    } catch (error) {
      // None may go on behind the caller's back.
      ended.abort(error);
      await Promise.allSettled(sending);
      throw error;
    }
  }
  return { uploaded, failed };
}

function roundOf({ path, bytes }: ArtifactFile): 'small' | 'large' | 'manifest' {
  if (path === ARTIFACT_FILES.manifest) return 'manifest';
  return bytes <= SMALL_FILE_BYTES ? 'small' : 'large';
}
