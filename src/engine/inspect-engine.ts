import { RunnerError } from '../contract/errors.js';
import { PLATFORM } from './cache.js';
import type { TensorflowEngine } from './engine.js';
import { findEngine } from './find-engine.js';
import { checkEngine, type CheckedEngine } from './inspect/check-engine.js';
import { checkProvisioning, type Found, type ProvisioningCheck } from './inspect/check-provisioning.js';
import type { EngineDocument } from './inspect/document.js';
import { type Finding, findingsOf } from './inspect/findings.js';
import { inspectMachine, type Machine } from './inspect/machine.js';
import { tfjsNodeVersion } from './packages.js';
import { glibcVersion } from './provision/platform.js';
import { WHEELS } from './provision/wheels.js';

export interface EngineInspection {
  /** Whether a job could run: the engine loads, or all that building it needs is there. */
  readonly ready: boolean;
  readonly findings: readonly Finding[];
  readonly document: EngineDocument;
}

/**
 * Looks at everything that the engine needs, reads all of the engine's files and runs it in a process of its own.
 * Fetches nothing and writes nothing.
 */
export async function inspectEngine({
  env = process.env,
  signal = new AbortController().signal,
}: { readonly env?: NodeJS.ProcessEnv; readonly signal?: AbortSignal } = {}): Promise<EngineInspection> {
  const surroundings = { env, signal };
  const { engine, missing } = lookForEngine(env);
  // One after the other: how long the engine takes to load is measured.
  const checked = engine && (await checkEngine(engine, surroundings));
  const provisioning = await checkProvisioning(surroundings);
  const document = documentOf({ checked, missing, provisioning, machine: inspectMachine(), env });
  return { ready: document.readiness !== 'not-ready', findings: findingsOf(document), document };
}

function lookForEngine(env: NodeJS.ProcessEnv): {
  engine?: TensorflowEngine | undefined;
  missing?: RunnerError;
} {
  try {
    return { engine: findEngine(env) };
  } catch (error) {
    if (error instanceof RunnerError) return { missing: error };
    throw error;
  }
}

interface Seen {
  readonly checked: CheckedEngine | undefined;
  readonly missing: RunnerError | undefined;
  readonly provisioning: ProvisioningCheck;
  readonly machine: Machine;
  readonly env: NodeJS.ProcessEnv;
}

function documentOf(seen: Seen): EngineDocument {
  const { checked, provisioning, machine } = seen;
  const { wheel, compiler, pip, python, strip, cacheDir, freeBytes } = provisioning;
  const problems = problemsOf(seen);
  const pinned = valueOf(wheel);
  return {
    readiness: readinessOf(seen, problems),
    node: process.versions.node,
    nodeSupported: isSupportedNode(process.versions.node),
    platform: { name: PLATFORM, proved: WHEELS[PLATFORM]?.proved ?? false },
    glibc: glibcVersion(),
    engine: checked ? engineDocument(checked) : null,
    tfjsNode: tfjsNodeVersion(),
    wheel: pinned ? { fileName: pinned.fileName, bytes: pinned.bytes, sha256: pinned.sha256 } : null,
    compiler: valueOf(compiler)?.version ?? null,
    python: python?.version ?? null,
    pip: valueOf(pip)?.version ?? null,
    strip: strip?.version ?? null,
    machine,
    cacheDir,
    freeBytes,
    problems,
  };
}

function engineDocument({ engine, manifest, ...rest }: CheckedEngine): EngineDocument['engine'] {
  const { version, source, bindingPath, libraryDir } = engine;
  const { origin, compiler, stripped } = manifest;
  const { bytes, damaged, loadMs, loadFailure } = rest;
  return {
    ...{ version, source, origin, bindingPath, libraryDir, compiler, stripped },
    ...{ bytes, damaged, loadMs, loadFailure },
  };
}

const REBUILD = '`runner engine provision --force` builds it anew.';

function problemsOf({ checked, missing, provisioning, machine, env }: Seen): EngineDocument['problems'] {
  const { wheel, compiler, pip, cache, freeBytes } = provisioning;
  // A library of the user's own needs neither pip nor our wheel.
  const isExplicit = Boolean(env.RUNNER_LIBTENSORFLOW);
  const needed = isExplicit ? 0 : (valueOf(wheel)?.peakBytes ?? 0);
  const withoutAvx = process.arch === 'x64' && machine.cpuFeatures?.includes('avx') === false;
  const found: Record<keyof EngineDocument['problems'], string | false | undefined> = {
    engine: missing && `${missing.message} ${missing.hint}`,
    contents: checked && checked.damaged.length > 0 && REBUILD,
    loads: checked && !checked.loads && REBUILD,
    platform: !isExplicit && remedyOf(wheel),
    compiler: remedyOf(compiler),
    pip: !isExplicit && remedyOf(pip),
    cpu: withoutAvx && 'TensorFlow’s builds for x64 need AVX: use another machine, or a library of your own.',
    quota:
      machine.cpuQuota !== null &&
      machine.cpuQuota < machine.availableProcessors &&
      `More threads than ${Math.max(1, Math.floor(machine.cpuQuota))} would wait for each other: use --threads.`,
    cache: remedyOf(cache),
    disk:
      freeBytes !== null &&
      freeBytes < needed &&
      `Building the engine needs ${(needed / 1e9).toFixed(2)} GB: free some, or set RUNNER_CACHE_DIR.`,
  };
  const entries = Object.entries(found).filter(([, problem]) => typeof problem === 'string');
  return Object.fromEntries(entries);
}

function readinessOf({ checked }: Seen, problems: EngineDocument['problems']): EngineDocument['readiness'] {
  if (!isSupportedNode(process.versions.node)) return 'not-ready';
  if (checked) return checked.loads && checked.damaged.length === 0 ? 'loads' : 'not-ready';
  const needed = ['engine', 'platform', 'compiler', 'pip', 'cache', 'disk'] as const;
  return needed.some((name) => problems[name] !== undefined) ? 'not-ready' : 'can-be-built';
}

/** package.json: engines.node. */
export function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

const valueOf = <T>(found: Found<T>): T | undefined => ('value' in found ? found.value : undefined);

const remedyOf = (found: Found<unknown>): string | undefined =>
  'missing' in found ? `${found.missing.message} ${found.missing.hint}` : undefined;
