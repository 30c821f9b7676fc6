import { RunnerError } from '../contract/errors.js';
import type { Clock } from '../common/clock.js';
import type { ArtifactFile, ArtifactStore } from './artifacts/artifact-store.js';
import { uploadArtifacts } from './artifacts/upload-all.js';

/** What a store was sent. */
export interface SentFile {
  readonly sha256: string;
  readonly bytes: number;
  /** Whether it was asked for it since. */
  readonly verified: boolean;
}
/** By path. */
export type SentFiles = Readonly<Record<string, SentFile>>;

export interface ArtifactLog {
  readonly sent: number;
  readonly sentBytes: number;
  /** The first failure, if there was one. */
  readonly problem: RunnerError | null;
}

export interface LogArtifactsOptions {
  readonly known: SentFiles;
  /** Takes all that the store was sent, every now and then and at the end. */
  readonly onSent: (known: SentFiles) => Promise<void>;
  /** Read every file back instead of comparing sizes. */
  readonly deep: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** An artifact that is sent again is no harm, so not each one is worth a write to the disk. */
const NOTE_EVERY_MS = 500;

/**
 * Sends what a store was not sent yet, then compares what it holds with all that it was not asked for since, whoever
 * has sent that; what differs is sent once more.
 */
export async function logArtifacts(
  store: ArtifactStore,
  files: readonly ArtifactFile[],
  { known, onSent, deep, clock, signal }: LogArtifactsOptions,
): Promise<ArtifactLog> {
  const held = new Map(Object.entries(known));
  const note = (): Promise<void> => onSent(Object.fromEntries(held));
  const isHeld = ({ path, sha256 }: Pick<ArtifactFile, 'path' | 'sha256'>): boolean =>
    held.get(path)?.sha256 === sha256;
  const isVerified = ({ path }: ArtifactFile): boolean => held.get(path)?.verified === true;
  let noted = clock.elapsed();
  let sent = 0;
  let sentBytes = 0;
  const upload = async (some: readonly ArtifactFile[]): Promise<RunnerError | null> => {
    const { failed } = await uploadArtifacts(store, some, {
      alreadyThere: (path, sha256) => isHeld({ path, sha256 }),
      onUploaded: async ({ path, sha256, bytes }) => {
        held.set(path, { sha256, bytes, verified: false });
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
    if (some.length === 0) return [];
    const differing = new Set((await store.verify(some, { deep, signal })).map(({ path }) => path));
    for (const { path, sha256, bytes } of some) {
      if (differing.has(path)) held.delete(path);
      else held.set(path, { sha256, bytes, verified: true });
    }
    return some.filter(({ path }) => differing.has(path));
  };
  try {
    let problem = await upload(files);
    const wrong = await compare(files.filter((file) => isHeld(file) && (deep || !isVerified(file))));
    if (wrong.length > 0) {
      const again = await upload(wrong);
      const [still] = await compare(wrong.filter(isHeld));
      problem ??= again ?? (still === undefined ? null : differs(store, still.path));
    }
    return { sent, sentBytes, problem };
  } finally {
    await note();
  }
}

const differs = (store: ArtifactStore, path: string): RunnerError =>
  new RunnerError('tracking-incomplete', `${store.uri} holds ${path} otherwise than it was sent.`);
