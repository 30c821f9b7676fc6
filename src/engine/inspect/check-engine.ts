import { dirname, join } from 'node:path';
import type { TensorflowEngine } from '../engine.js';
import { ENGINE_MANIFEST, type EngineManifest, readFinished } from '../manifest.js';
import { hashFile } from '../provision/hash-file.js';
import { tryBinding } from '../provision/try-binding.js';

/** What is known of an engine on disk, after reading all of it and running it. */
export interface CheckedEngine {
  readonly engine: TensorflowEngine;
  readonly dir: string;
  readonly manifest: EngineManifest;
  /** Library and binding together. */
  readonly bytes: number;
  /** Files whose contents are not what was written. */
  readonly damaged: readonly string[];
  readonly loads: boolean;
  /** How long a fresh process took to load it and to add two numbers; or why it does not. */
  readonly loadMs: number | null;
  readonly loadFailure: string | null;
}

export async function checkEngine(
  engine: TensorflowEngine,
  surroundings: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<CheckedEngine | undefined> {
  const dir = dirname(engine.bindingPath);
  const manifest = readFinished(dir, ENGINE_MANIFEST);
  if (!manifest) return undefined;
  // One after the other: the trial is timed.
  const trial = await tryBinding(engine, surroundings);
  const damaged = await damagedFiles(dir, manifest);
  return {
    ...{ engine, dir, manifest, damaged },
    bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    loads: trial.ok,
    loadMs: trial.ok ? trial.ms : null,
    loadFailure: trial.ok ? null : trial.why,
  };
}

async function damagedFiles(dir: string, { files }: EngineManifest): Promise<readonly string[]> {
  const checks = files.map(async ({ path, sha256 }) => {
    // The user's own library has no hash to hold it against.
    const intact = sha256 === null || (await hashFile(join(dir, path))) === sha256;
    return intact ? [] : [path];
  });
  return (await Promise.all(checks)).flat();
}
