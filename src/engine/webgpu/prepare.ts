import type { EngineWebgpu } from '../../contract/run-spec.js';
import type { WebgpuEngine } from '../engine.js';
import type { PrepareEngineOptions } from '../prepare-engine.js';
import { findAdapter } from './adapter.js';
import { findWebgpuEngine } from './find.js';
import { checkVulkan, surveyVulkan } from './vulkan.js';

/**
 * Finds the engine webgpu, or fetches it with npm.
 * @param choice finds the adapter for it, too, and fetches nothing where there can be none: `cpu`, part of a card's
 * name, or null for any card
 * @throws RunnerError `platform-unsupported`, `npm-missing`, `download-failed`, `hash-mismatch`, `engine-missing`,
 * `disk-full`; with a choice also `gpu-unavailable`, `gpu-unknown` or `gpu-unsuitable`
 */
export async function prepareWebgpu(
  options: Omit<PrepareEngineOptions, 'variant'>,
  choice?: string | null,
): Promise<{ readonly engine: WebgpuEngine; readonly webgpu?: EngineWebgpu }> {
  const { env = process.env, signal = new AbortController().signal } = options;
  if (choice === undefined) return { engine: await findOrFetch(options) };
  const survey = await surveyVulkan({ env, signal });
  checkVulkan(survey);
  const engine = await findOrFetch(options);
  const adapter = await findAdapter(engine, choice ?? undefined, survey, { env, signal });
  const backend = engine.backendVersion;
  return { engine, webgpu: { backend, ...(choice === null ? {} : { choice }), adapter } };
}

async function findOrFetch(options: Omit<PrepareEngineOptions, 'variant'>): Promise<WebgpuEngine> {
  const { env = process.env, force = false, onProgress, signal } = options;
  const found = force ? undefined : findWebgpuEngine(env);
  if (found) return found;
  const { provisionWebgpu } = await import('../provision/provision-webgpu.js');
  return provisionWebgpu({ env, force, onProgress, signal });
}
