/** What there is to say of the engine webgpu: Vulkan, its drivers, the engine, and the adapter that a run would get. */
import { RunnerError } from '../../contract/errors.js';
import type { WebgpuAdapter } from '../../contract/run-spec.js';
import { checkPlatform, whyNotFetched } from '../provision/provision-webgpu.js';
import { describeAdapter, findAdapter } from '../webgpu/adapter.js';
import { findWebgpuEngine } from '../webgpu/find.js';
import { checkVulkan, type Surroundings, surveyVulkan, type VulkanSurvey } from '../webgpu/vulkan.js';
import type { Finding } from './findings.js';

export interface WebgpuInspection {
  /** Whether a run with --engine webgpu could train here, as far as that is known before the engine is fetched. */
  readonly ready: boolean;
  readonly findings: readonly Finding[];
  /** The whole of it, for --json. */
  readonly document: {
    readonly vulkan: VulkanSurvey;
    readonly engine: { readonly version: string; readonly backend: string } | null;
    readonly adapter: WebgpuAdapter | null;
    /** What is wrong and what to do about it; null where nothing is. */
    readonly problem: string | null;
  };
}

/**
 * Fetches nothing and writes nothing.
 * @param choice as for a run: `cpu`, part of a card's name, or null for any card
 */
export async function inspectWebgpu(
  surroundings: Surroundings,
  choice: string | null,
): Promise<WebgpuInspection> {
  const { env } = surroundings;
  const vulkan = await surveyVulkan(surroundings);
  const engine = findWebgpuEngine(env);
  let adapter: WebgpuAdapter | null = null;
  let problem: string | null = null;
  try {
    checkPlatform();
    checkVulkan(vulkan);
    if (engine) adapter = await findAdapter(engine, choice ?? undefined, vulkan, surroundings);
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    problem = `${error.message} ${error.hint}`;
  }
  const unfetched = engine === undefined ? await whyNotFetched(surroundings) : undefined;
  const found = adapter === null ? 'none' : describeAdapter(adapter);
  const asked = engine === undefined ? 'not asked: the engine is not there' : found;
  const findings: readonly Finding[] = [
    {
      name: 'Vulkan',
      value: vulkan.loaderFailure ?? (vulkan.drivers.join(', ') || 'a loader without drivers'),
    },
    engine === undefined
      ? {
          ...{ name: 'WebGPU engine', value: 'not there' },
          remedy:
            unfetched === undefined
              ? '`runner engine provision --webgpu` fetches it, 54 MB; so does the first run with --engine webgpu.'
              : `${unfetched.message} ${unfetched.hint}`,
        }
      : {
          name: 'WebGPU engine',
          value: `Dawn ${engine.version}, tfjs-backend-webgpu ${engine.backendVersion}`,
        },
    { name: 'WebGPU adapter', value: asked, ...(problem !== null && { remedy: problem }) },
  ];
  return {
    ready: problem === null && unfetched === undefined,
    findings,
    document: {
      vulkan,
      engine: engine ? { version: engine.version, backend: engine.backendVersion } : null,
      ...{ adapter, problem },
    },
  };
}
