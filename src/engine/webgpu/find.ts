/** The engine webgpu that is there already. */
import { join } from 'node:path';
import { cacheFolder, enginesFolder, PLATFORM } from '../cache.js';
import type { WebgpuEngine } from '../engine.js';
import { readFinished, WEBGPU_MANIFEST } from '../manifest.js';
import { BACKEND_FILE, BACKEND_VERSION, DAWN_FILE, DAWN_VERSION } from './packages.js';

/** Folder of the engine below `engines/`: everything that it depends on. */
export const webgpuEngineName = (platform: string = PLATFORM): string =>
  `webgpu-${DAWN_VERSION}-${platform}_tfjs-backend-webgpu-${BACKEND_VERSION}`;

export const findWebgpuEngine = (env: NodeJS.ProcessEnv): WebgpuEngine | undefined =>
  readWebgpuEngine(join(enginesFolder(cacheFolder(env)), webgpuEngineName()));

/** The finished engine in a folder, or undefined. */
export function readWebgpuEngine(dir: string): WebgpuEngine | undefined {
  const manifest = readFinished(dir, WEBGPU_MANIFEST);
  if (!manifest) return undefined;
  return {
    ...{ name: 'webgpu', source: 'npm', version: manifest.dawnVersion },
    backendVersion: manifest.backendVersion,
    bindingPath: join(dir, DAWN_FILE),
    backendPath: join(dir, BACKEND_FILE),
  };
}
