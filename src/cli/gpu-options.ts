/** The part of the table of settings (options.ts) that is about training on a card. */
import { GPUS_FORM, sizeHint } from './quantities.js';
import { ENGINES } from './setting-definition.js';
import type { SettingDefinition, Settings } from './setting-definition.js';

/** TensorFlow counts in these: a limit of less is a number whose unit was forgotten. */
const MIB = 1024 ** 2;
/** CUDA's own contexts alone take more. */
const LEAST_MEANT_BYTES = 256 * MIB;

type GpuSetting = 'engine' | 'webgpuAdapter' | 'gpu' | 'gpus' | 'gpuMemoryLimit';

export const GPU_SETTINGS: { readonly [K in GpuSetting]: SettingDefinition<Settings[K]> } = {
  engine: {
    flag: '--engine <name>',
    env: 'RUNNER_ENGINE',
    kind: 'text',
    expected: 'tensorflow or webgpu',
    schema: ({ z }) => z.enum(ENGINES),
    hint: (value) => (value === 'tensorflow-gpu' ? 'That is TensorFlow with --gpu.' : undefined),
    help: 'what computes: tensorflow, or webgpu on any card that Vulkan reaches',
    fallback: 'tensorflow',
  },
  webgpuAdapter: {
    flag: '--webgpu-adapter <name>',
    env: 'RUNNER_WEBGPU_ADAPTER',
    kind: 'text',
    expected: 'part of the name of a card, or cpu',
    schema: ({ z }) => z.string().min(1).nullable(),
    help: "with --engine webgpu: part of the card's name, or cpu for a processor's Vulkan",
    fallback: 'none',
  },
  gpu: {
    flag: '--gpu [prefer]',
    helpOff: 'train on the processor',
    env: 'RUNNER_GPU',
    kind: 'boolean',
    expected: 'true, false or prefer',
    schema: ({ z }) => z.union([z.boolean(), z.literal('prefer')]),
    help: 'train on a GPU; with "prefer", on the processor where there is none',
    fallback: false,
  },
  gpus: {
    flag: '--gpus <devices>',
    env: 'RUNNER_GPUS',
    kind: 'gpus',
    expected: GPUS_FORM,
    schema: ({ gpuRequestSchema }) => gpuRequestSchema.shape.devices,
    help: 'which GPUs: how many, all, or ids with commas between; implies --gpu',
    fallback: 'all',
  },
  gpuMemoryLimit: {
    flag: '--gpu-memory-limit <size>',
    env: 'RUNNER_GPU_MEMORY_LIMIT',
    kind: 'size',
    expected: 'a size of at least 1m: a number with the unit k, m, g or t, or bytes',
    schema: ({ engineGpuSchema }) => engineGpuSchema.shape.memoryLimitBytes.unwrap().min(MIB).nullable(),
    hint: (value) => sizeHint(String(value), LEAST_MEANT_BYTES),
    help: "most of the GPU's memory to take",
    fallback: 'none',
  },
};
