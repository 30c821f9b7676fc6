import type { EngineSource } from '../engine.js';
import type { LibraryFiles } from '../library-files.js';
import type { FileRecord } from '../manifest.js';

/** A library that an engine can be built over. */
export interface Library extends LibraryFiles {
  /** Names it in the cache. */
  readonly name: string;
  readonly source: EngineSource;
  /** Folder with tensorflow/c/c_api.h. */
  readonly includeDir: string;
  readonly origin: string;
  /** Null where it is not known. */
  readonly stripped: boolean | null;
  /** The two libraries, relative to `dir`. */
  readonly files: readonly FileRecord[];
  /** Of a library for GPUs: CUDA's own, relative to the folder above `dir`. */
  readonly parts: readonly FileRecord[];
}
