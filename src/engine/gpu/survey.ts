/** What there is of NVIDIA's on this machine: asked of the kernel and of nvidia-smi, without loading anything. */
import { existsSync } from 'node:fs';
import { lastLines } from '../../common/last-lines.js';
import { runCommand } from '../provision/run-command.js';
import { kernelDriver } from './driver.js';

export interface Card {
  /** As nvidia-smi numbers them. */
  readonly index: number;
  /** `GPU-…` */
  readonly uuid: string;
  readonly name: string;
  readonly memoryBytes: number;
  readonly freeBytes: number;
  /** Such as `8.9`; null where the driver does not tell. */
  readonly computeCapability: string | null;
  /** `Default`, `Exclusive_Process` or `Prohibited`. */
  readonly computeMode: string;
}

export interface GpuSurvey {
  /** Version of the driver, such as `550.54.14`; null without one. */
  readonly driver: string | null;
  /** Null where nvidia-smi does not tell. */
  readonly cards: readonly Card[] | null;
  /** Why it does not. */
  readonly silence: string | null;
  /** The Vulkan loader, which says nothing of a driver behind it. */
  readonly vulkanLoader: string | null;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Undefined for what is not there. */
  readonly read?: (path: string) => string | undefined;
  readonly exists?: (path: string) => boolean;
}

/** The second is where WSL has it. */
const SMI = ['nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'] as const;
/** Why it tells nothing where it is not there. */
export const NO_SMI = 'there is no nvidia-smi';
const FIELDS = 'index,uuid,name,memory.total,memory.free,driver_version,compute_cap,compute_mode';
const SMI_TIMEOUT_MS = 20_000;
const MIB = 1024 ** 2;
const VULKAN_LOADERS = [
  ...['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/local/lib'],
].map((folder) => `${folder}/libvulkan.so.1`);

/** Fetches nothing and writes nothing. */
export async function surveyGpu(surroundings: Surroundings): Promise<GpuSurvey> {
  const { read, exists = existsSync } = surroundings;
  const ofKernel = kernelDriver(read);
  const asked = await askSmi(surroundings);
  return {
    driver: ofKernel ?? asked.driver,
    cards: asked.cards,
    silence: asked.silence,
    vulkanLoader: VULKAN_LOADERS.find((path) => exists(path)) ?? null,
  };
}

type Answer = Pick<GpuSurvey, 'driver' | 'cards' | 'silence'>;

async function askSmi({ env, signal }: Surroundings): Promise<Answer> {
  for (const program of SMI) {
    const question = [program, `--query-gpu=${FIELDS}`, '--format=csv,noheader,nounits'];
    const { ok, notFound, stdout, output } = await runCommand(
      question,
      { env, signal },
      { timeoutMs: SMI_TIMEOUT_MS },
    );
    if (ok) return readSmi(stdout);
    if (!notFound) {
      return { driver: null, cards: null, silence: lastLines(output, 2) || 'nvidia-smi does not answer' };
    }
  }
  return { driver: null, cards: null, silence: NO_SMI };
}

/** One card a line; what the driver cannot say is `[N/A]`. */
export function readSmi(text: string): Answer {
  const lines = text.split('\n').filter((line) => line.includes(','));
  const cards = lines.map((line) => line.split(',').map((field) => field.trim()));
  return {
    driver: cards[0]?.[5] ?? null,
    cards: cards.map(([index, uuid = '', name = '', total, free, , capability, mode = 'Default']) => ({
      index: Number(index),
      ...{ uuid, name, computeMode: mode },
      memoryBytes: Number(total) * MIB || 0,
      freeBytes: Number(free) * MIB || 0,
      computeCapability: /^\d+\.\d+$/.test(capability ?? '') ? (capability ?? null) : null,
    })),
    silence: null,
  };
}
