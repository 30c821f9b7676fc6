import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineSource, EngineVariant } from './engine.js';

/** One file of a finished folder. */
export interface FileRecord {
  /** Relative to the folder. */
  readonly path: string;
  readonly bytes: number;
  /** Hex; null where the file is the user's own and is not ours to vouch for. */
  readonly sha256: string | null;
}

/** library.json: what lies in a finished library folder and where it came from. */
export interface LibraryManifest {
  readonly schemaVersion: 1;
  readonly source: Exclude<EngineSource, 'explicit'>;
  /** File name of the wheel, or the vendor's address. */
  readonly origin: string;
  readonly originSha256: string;
  readonly stripped: boolean;
  readonly main: string;
  readonly framework: string;
  readonly files: readonly FileRecord[];
}

/** part.json: what lies in the finished folder of a part that a library for GPUs is put together of. */
export interface PartManifest {
  readonly schemaVersion: 1;
  /** File name of the wheel. */
  readonly origin: string;
  readonly originSha256: string;
  readonly files: readonly FileRecord[];
}

/** engine.json: what lies in a finished engine folder and how it was made. */
export interface EngineManifest {
  readonly schemaVersion: 1;
  /** Absent: `cpu`, the only one that there was. */
  readonly variant?: EngineVariant;
  readonly source: EngineSource;
  /** What the library itself says. */
  readonly tensorflowVersion: string;
  readonly tfjsNodeVersion: string;
  readonly nodeApiVersion: number;
  /** First line of the compiler's --version. */
  readonly compiler: string;
  /** Whether the addon for TF_CPP_MIN_LOG_LEVEL is there. */
  readonly logLevel: boolean;
  readonly stripped: boolean | null;
  readonly origin: string;
  readonly files: readonly FileRecord[];
}

/** webgpu.json: what lies in the finished folder of the engine webgpu. */
export interface WebgpuManifest {
  readonly schemaVersion: 1;
  readonly dawnVersion: string;
  readonly backendVersion: string;
  readonly files: readonly FileRecord[];
}

export const LIBRARY_MANIFEST = 'library.json';
export const PART_MANIFEST = 'part.json';
export const ENGINE_MANIFEST = 'engine.json';
export const WEBGPU_MANIFEST = 'webgpu.json';

interface Manifests {
  readonly [LIBRARY_MANIFEST]: LibraryManifest;
  readonly [PART_MANIFEST]: PartManifest;
  readonly [ENGINE_MANIFEST]: EngineManifest;
  readonly [WEBGPU_MANIFEST]: WebgpuManifest;
}

/**
 * The manifest of a finished folder whose files are all there in their full size, or undefined. Contents are not
 * read: this runs before every job.
 */
export function readFinished<Name extends keyof Manifests>(
  dir: string,
  name: Name,
): Manifests[Name] | undefined {
  const manifest = parse(join(dir, name)) as Manifests[Name] | undefined;
  if (manifest?.schemaVersion !== 1) return undefined;
  return manifest.files.every(({ path, bytes }) => sizeOf(join(dir, path)) === bytes) ? manifest : undefined;
}

/** A manifest that cannot be read or parsed is no manifest: the folder is then built anew. */
function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;
