/** The store that runner and pod share, as the runtime uses it; wiring.ts gives one. */
import type { Readable } from 'node:stream';

export interface StoredFile {
  /** Absolute, on this machine. */
  readonly file: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Every call rejects with RunnerError `storage-unreachable` or `storage-refused`, or with the signal's reason. */
export interface Storage {
  /** `s3://bucket/prefix`, for messages and the journal. */
  readonly uri: string;
  /** Sends a file, unless one of that size is there: a key names the content. */
  putFile(key: string, file: StoredFile, signal: AbortSignal): Promise<void>;
  putText(key: string, text: string, signal: AbortSignal): Promise<void>;
  /** Null if there is none. */
  open(key: string, signal: AbortSignal): Promise<Readable | null>;
  /** What is not there is no error. */
  remove(keys: readonly string[], signal: AbortSignal): Promise<void>;
  /** An address that for some time lets whoever has it do this and nothing else. */
  sign(act: 'get' | 'put', key: string, seconds: number): Promise<string>;
}

/** Where the things of a run lie in the store. Data are there once for all runs, by their content. */
export const keysOf = (runId: string) => ({
  plan: `runs/${runId}/plan.json`,
  results: `runs/${runId}/results.tar`,
  exit: `runs/${runId}/exit.json`,
  data: (sha256: string, name: string) => `data/${sha256}/${name}`,
});
