import { RunnerError } from '../contract/errors.js';
import type { Clock } from '../common/clock.js';
import type { ArtifactFile, ArtifactStore } from './artifacts/artifact-store.js';
import { uploadArtifacts } from './artifacts/upload-all.js';

/** By path: what a store is known to hold. */
export type SentFiles = Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;

export interface ArtifactLog {
  readonly sent: number;
  readonly sentBytes: number;
  /** The first failure, if there was one. */
  readonly problem: RunnerError | null;
}

export interface LogArtifactsOptions {
  readonly known: SentFiles;
  /** Takes all that the store is known to hold, every now and then and at the end. */
  readonly onSent: (known: SentFiles) => Promise<void>;
  /** Read every file back instead of comparing sizes. */
  readonly deep: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** An artifact that is sent again is no harm, so not each one is worth a write to the disk. */
const NOTE_EVERY_MS = 500;

/**
 * Sends what a store is not known to hold, then compares what it holds with what was sent; what differs is sent once
 * more.
 */
export async function logArtifacts(
  store: ArtifactStore,
  files: readonly ArtifactFile[],
  { known, onSent, deep, clock, signal }: LogArtifactsOptions,
): Promise<ArtifactLog> {
  const held = new Map(Object.entries(known));
  const note = (): Promise<void> => onSent(Object.fromEntries(held));
  const isHeld = ({ path, sha256 }: ArtifactFile): boolean => held.get(path)?.sha256 === sha256;
  let noted = clock.elapsed();
  let sent = 0;
  let sentBytes = 0;
  const upload = async (some: readonly ArtifactFile[]): Promise<RunnerError | null> => {
    const { failed } = await uploadArtifacts(store, some, {
      alreadyThere: (path, sha256) => held.get(path)?.sha256 === sha256,
      onUploaded: async ({ path, sha256, bytes }) => {
        held.set(path, { sha256, bytes });
        sent += 1;
        sentBytes += bytes;
        if (clock.elapsed() - noted < NOTE_EVERY_MS) return;
        noted = clock.elapsed();
        await note();
      },
      signal,
    });
    return failed[0]?.error ?? null;
  };
  /** What the store holds otherwise is not held. */
  const compare = async (some: readonly ArtifactFile[]): Promise<readonly ArtifactFile[]> => {
    const differing = await store.verify(some.filter(isHeld), { deep, signal });
    for (const { path } of differing) held.delete(path);
    return some.filter(({ path }) => differing.some((other) => other.path === path));
  };
  let problem = await upload(files);
  if (sent > 0 || deep) {
    const wrong = await compare(files);
    if (wrong.length > 0) {
      problem ??= await upload(wrong);
      const [still] = await compare(wrong);
      if (still !== undefined) problem ??= differs(store, still.path);
    }
  }
  await note();
  return { sent, sentBytes, problem };
}

const differs = (store: ArtifactStore, path: string): RunnerError =>
  new RunnerError('tracking-incomplete', `${store.uri} holds ${path} otherwise than it was sent.`);
