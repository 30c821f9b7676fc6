import { linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inject } from 'vitest';
import type { TensorflowEngine } from '../../../src/engine/engine.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';
import type { Prepared } from './prepare.js';
import type { SharedEngine } from './shared-engine.js';

/** The engine that all tests share. It is to be left as it is. Where this machine cannot have it, no test runs. */
export function sharedEngine() {
  const provided = inject('sharedEngine');
  if ('lacking' in provided) return NOWHERE;
  const { built, ...shared } = provided;
  if (!built.engine) throw new Error(`The shared engine was not built: ${built.error?.message ?? ''}`);
  return { ...shared, built, engine: built.engine };
}

/** For what a file does before its first test. */
const NOWHERE: Omit<SharedEngine, 'built'> & { built: Prepared; engine: TensorflowEngine } = {
  cacheDir: '',
  wheelDir: '',
  nodes: {},
  built: { begun: [], done: [] },
  engine: {
    name: 'tensorflow',
    version: '',
    source: 'wheel',
    bindingPath: '',
    libraryDir: '',
    logLevelPath: '',
  },
};

/** A cache of a test's own with the shared library, and with the shared binding too if asked for. */
export function cacheWithLibrary({ binding = false } = {}) {
  const cache = temporaryDirectory();
  const { cacheDir } = sharedEngine();
  linkTree(join(cacheDir, 'libraries'), join(cache.path, 'libraries'));
  if (binding) linkTree(join(cacheDir, 'engines'), join(cache.path, 'engines'));
  return cache;
}

/** The same files under other names: a copy of 600 MB would take seconds. */
function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkSync(source, target);
  }
}

/** Everything in a cache down to the folders of engines and libraries; finished ones and leftovers alike. */
export function contentsOf(cacheDir: string): readonly string[] {
  const below = (dir: string): readonly string[] =>
    ['engines', 'libraries'].includes(basename(dir))
      ? readdirSync(dir).map((name) => join(basename(dir), name))
      : [basename(dir)];
  return readdirSync(cacheDir)
    .flatMap((name) => below(join(cacheDir, name)))
    .sort();
}

export const engineFolder = ({ bindingPath }: TensorflowEngine): string => dirname(bindingPath);
