import type { EngineSource } from '../engine.js';
import type { Machine } from './machine.js';

export const NEEDED_NODE = 'Install Node 20.19 or newer.';

/** The whole inspection, for --json. Absent things are null. */
export interface EngineDocument {
  /**
   * `loads`: the engine is there, undamaged, and TensorFlow computed in a fresh process. `can-be-built`: it is not
   * there, and all that building it needs is, the network aside, which is not tried. `not-ready`: neither.
   */
  readonly readiness: 'loads' | 'can-be-built' | 'not-ready';
  readonly node: string;
  readonly nodeSupported: boolean;
  readonly platform: { readonly name: string; readonly proved: boolean };
  readonly glibc: string | null;
  readonly engine: {
    readonly version: string;
    readonly source: EngineSource;
    readonly origin: string;
    readonly bindingPath: string;
    readonly libraryDir: string;
    readonly compiler: string;
    readonly stripped: boolean | null;
    readonly bytes: number;
    readonly damaged: readonly string[];
    readonly loadMs: number | null;
    readonly loadFailure: string | null;
  } | null;
  readonly tfjsNode: string;
  /** The wheel that would be fetched. */
  readonly wheel: { readonly fileName: string; readonly bytes: number; readonly sha256: string } | null;
  readonly compiler: string | null;
  readonly python: string | null;
  readonly pip: string | null;
  readonly strip: string | null;
  readonly machine: Machine;
  readonly cacheDir: string | null;
  readonly freeBytes: number | null;
  /** What is wrong and what to do about it, by where it shows. */
  readonly problems: Partial<
    Record<
      'engine' | 'contents' | 'loads' | 'platform' | 'compiler' | 'pip' | 'cpu' | 'quota' | 'cache' | 'disk',
      string
    >
  >;
}
