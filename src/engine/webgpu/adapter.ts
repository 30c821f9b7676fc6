/** What WebGPU computes on: asked of Dawn in a process of its own, since drivers may take theirs along when they fail. */
import { z } from 'zod';
import { lastLines } from '../../common/last-lines.js';
import { RunnerError } from '../../contract/errors.js';
import { type WebgpuAdapter, webgpuAdapterSchema } from '../../contract/run-spec.js';
import type { WebgpuEngine } from '../engine.js';
import { runCommand } from '../provision/run-command.js';
import { LIMITS } from './device.js';
import type { Surroundings, VulkanSurvey } from './vulkan.js';

/** The choice of a processor that stands in for a card. */
export const CPU = 'cpu';

/** The option by which a choice is told to Dawn. */
export const dawnFlags = (choice: string | undefined): string[] =>
  choice === undefined || choice === CPU ? [] : [`adapter=${choice}`];

/** Cards come before processors. */
export const adapterOptions = (choice: string | undefined) => ({
  powerPreference: 'high-performance' as const,
  forceFallbackAdapter: choice === CPU,
});

/** An adapter that gives no device of a run's limits is of no use. Dawn's own words go to the standard error. */
const SCRIPT = `
const [binding, flags, options, names] = process.argv.slice(1);
const say = (answer) => console.log(JSON.stringify(answer));
const { create } = require(binding);
const gpu = create(JSON.parse(flags));
gpu.requestAdapter(JSON.parse(options)).then(
  async (adapter) => {
    if (!adapter) return say({ adapter: null });
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
    const known = JSON.parse(names).filter((name) => adapter.limits[name] !== undefined);
    const requiredLimits = Object.fromEntries(known.map((name) => [name, adapter.limits[name]]));
    (await adapter.requestDevice({ requiredLimits })).destroy();
    say({ adapter: { vendor, architecture, device, description, cpu: isFallbackAdapter === true } });
  },
  (error) => say({ refusal: String(error.message ?? error) }),
).catch((error) => {
  console.error(String(error.message ?? error));
  process.exit(1);
});
`;
const TIMEOUT_MS = 60_000;

const NO_ADAPTER =
  'The driver may be too old for Dawn, or have no card: `vulkaninfo --summary` shows it. Or take --engine tensorflow.';

const answerSchema = z.union([
  z.object({ adapter: webgpuAdapterSchema.nullable() }),
  z.object({ refusal: z.string() }),
]);

/**
 * The adapter that a run with this choice computes on.
 * @param survey what is named where there is none
 * @throws RunnerError `gpu-unavailable` where there is none, `gpu-unknown` where there is none of that name, and
 * `gpu-unsuitable` where there is only a processor's, or its driver fails
 */
export async function findAdapter(
  engine: WebgpuEngine,
  choice: string | undefined,
  survey: VulkanSurvey,
  surroundings: Surroundings,
): Promise<WebgpuAdapter> {
  const question = [dawnFlags(choice), adapterOptions(choice), LIMITS].map((part) => JSON.stringify(part));
  const { ok, stdout, output } = await runCommand(
    [process.execPath, '-e', SCRIPT, '--', engine.bindingPath, ...question],
    surroundings,
    { timeoutMs: TIMEOUT_MS },
  );
  const answer = ok ? readAnswer(stdout) : undefined;
  if (answer === undefined) {
    throw new RunnerError(
      'gpu-unsuitable',
      `The driver fails when WebGPU asks it for a device. The last words of the attempt:\n${lastLines(output, 3) || '(none)'}`,
      { hint: `Update the driver (${survey.drivers.join(', ')}), or take --engine tensorflow.` },
    );
  }
  if ('refusal' in answer) throw refused(choice, answer.refusal, survey);
  return suitable(answer.adapter, choice, { survey, words: output });
}

function readAnswer(stdout: string): z.infer<typeof answerSchema> | undefined {
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) return undefined;
  const { success, data } = answerSchema.safeParse(JSON.parse(line));
  return success ? data : undefined;
}

/** Of a card's name, Dawn lists the names that there are; whatever else it refuses is not about a name. */
function refused(choice: string | undefined, refusal: string, { drivers }: VulkanSurvey): RunnerError {
  if (choice === undefined || choice === CPU) {
    return new RunnerError(
      'gpu-unavailable',
      `WebGPU gives no adapter. Vulkan's drivers here: ${drivers.join(', ')}. Dawn says: ${refusal}`,
      { hint: NO_ADAPTER },
    );
  }
  const names = [...refusal.matchAll(/name: '([^']*)'/g)].map(([, name]) => name).join(', ');
  return new RunnerError(
    'gpu-unknown',
    `No WebGPU adapter here has “${choice}” in its name; there is ${names || 'none'}.`,
    { hint: 'Give part of one of these names with --webgpu-adapter, or leave it out.' },
  );
}

function suitable(
  adapter: WebgpuAdapter | null,
  choice: string | undefined,
  { survey, words }: { readonly survey: VulkanSurvey; readonly words: string },
): WebgpuAdapter {
  if (adapter === null && choice === CPU) {
    throw new RunnerError(
      'gpu-unknown',
      `Vulkan has no driver for a processor here (${survey.drivers.join(', ')}).`,
      {
        hint: '`apt-get install mesa-vulkan-drivers` brings one (llvmpipe), which has to be of Mesa 23 or newer.',
      },
    );
  }
  if (adapter === null) {
    throw new RunnerError(
      'gpu-unavailable',
      `WebGPU finds nothing to compute on. Vulkan's drivers here: ${survey.drivers.join(', ')}.${dawnSays(words)}`,
      { hint: NO_ADAPTER },
    );
  }
  if (adapter.cpu && choice === undefined) {
    throw new RunnerError(
      'gpu-unsuitable',
      `All that Vulkan has here is the processor in place of a card: ${describeAdapter(adapter)}. It is many times slower than the engine tensorflow.`,
      { hint: 'Take --engine tensorflow; --webgpu-adapter cpu trains on it all the same.' },
    );
  }
  return adapter;
}

function dawnSays(output: string): string {
  const warnings = [...output.matchAll(/^Warning: (.*)$/gm)].map(([, text]) => text);
  return warnings.length === 0 ? '' : ` Dawn says: ${[...new Set(warnings)].join('; ')}.`;
}

/** In words, for messages and `runner doctor`. */
export const describeAdapter = ({ vendor, architecture, device, description }: WebgpuAdapter): string =>
  `${[vendor, architecture, device].filter((part) => part !== '').join(' ')} (${description})`;
