import { dirname, join, relative } from 'node:path';
import { writeJsonAtomic } from '../../common/atomic-file.js';
import { RunnerError } from '../../contract/errors.js';
import { engineName, enginesFolder, NODE_API_VERSION } from '../cache.js';
import type { TensorflowEngine } from '../engine.js';
import {
  BINDING_FILE,
  LIBRARY_LINK,
  LOG_LEVEL_FILE,
  PARTS_LINK,
  readEngine,
  SESSION_CONFIG_FILE,
} from '../find-engine.js';
import { ENGINE_MANIFEST, type EngineManifest } from '../manifest.js';
import { tfjsNodeVersion } from '../packages.js';
import { compileBinding, linkFolder } from './compile-binding.js';
import { type Provisioning, step } from './context.js';
import type { Tool } from './find-tools.js';
import { recordFile } from './hash-file.js';
import type { Library } from './library.js';
import { tryBinding } from './try-binding.js';
import { tryParts } from './try-parts.js';
import { buildFolder } from './workspace.js';

/**
 * The engine over a library: its binding compiled, tried and put into the cache.
 * @throws RunnerError `compile-failed`, `engine-corrupt` if it does not load, or `disk-full`
 */
export async function buildEngine(
  library: Library,
  { compiler, provisioning }: { compiler: Tool; provisioning: Provisioning },
): Promise<TensorflowEngine> {
  const target = join(enginesFolder(provisioning.cacheDir), engineName(library.name));
  await buildFolder(target, async (dir) => {
    // Our own libraries are named relative to the cache, which may be moved or mounted elsewhere.
    const libraryDir = library.source === 'explicit' ? library.dir : relative(dir, library.dir);
    await linkFolder(join(dir, LIBRARY_LINK), libraryDir);
    if (library.parts.length > 0) {
      await linkFolder(join(dir, PARTS_LINK), join(dirname(libraryDir), PARTS_LINK));
    }
    const { logLevel } = await compileBinding(dir, { library, compiler, provisioning });
    const tensorflowVersion = await versionOf(dir, { logLevel, provisioning });
    if (library.parts.length > 0) await tryParts(dir, library.parts, provisioning);
    const addons = [
      BINDING_FILE,
      ...(logLevel ? [LOG_LEVEL_FILE] : []),
      ...(provisioning.variant === 'gpu' ? [SESSION_CONFIG_FILE] : []),
    ];
    const built = await Promise.all(addons.map((file) => recordFile(dir, file)));
    const linked = library.files.map((file) => ({ ...file, path: `${LIBRARY_LINK}/${file.path}` }));
    const manifest: EngineManifest = {
      schemaVersion: 1,
      // A name for what it always was would make older manifests differ.
      ...(provisioning.variant === 'gpu' && { variant: provisioning.variant }),
      source: library.source,
      tensorflowVersion,
      tfjsNodeVersion: tfjsNodeVersion(),
      nodeApiVersion: NODE_API_VERSION,
      compiler: compiler.version,
      logLevel,
      stripped: library.stripped,
      origin: library.origin,
      files: [...built, ...linked, ...library.parts],
    };
    await writeJsonAtomic(join(dir, ENGINE_MANIFEST), manifest);
  });
  const engine = readEngine(target);
  if (!engine) throw new RunnerError('engine-corrupt', `${target} was changed while it was built.`);
  return engine;
}

function versionOf(
  dir: string,
  { logLevel, provisioning }: { logLevel: boolean; provisioning: Provisioning },
): Promise<string> {
  return step(provisioning, 'Trying the engine', async () => {
    const logLevelPath = logLevel ? join(dir, LOG_LEVEL_FILE) : undefined;
    const trial = await tryBinding({ bindingPath: join(dir, BINDING_FILE), logLevelPath }, provisioning);
    if (trial.ok) return trial.version;
    throw new RunnerError('engine-corrupt', `The engine was built but does not work: ${trial.why}`, {
      hint: 'docs/engine.md lists the versions and platforms that are proved.',
    });
  });
}
