/** What the machine, or the container that we are in, has for TensorFlow. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** CPU features that TensorFlow and oneDNN have kernels for; names of /proc/cpuinfo, x64 then arm64. */
const FEATURES = {
  x64: ['avx', 'avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16', 'amx_int8'],
  arm64: ['asimd', 'asimddp', 'bf16', 'i8mm', 'sve'],
} as const satisfies Partial<Record<NodeJS.Architecture, readonly string[]>>;

export interface Machine {
  readonly cpuModel: string;
  /** Of those that matter; null where the system does not tell. */
  readonly cpuFeatures: readonly string[] | null;
  /** Processors of the machine. */
  readonly processors: number;
  /** Those that this process may use: the default of --threads. */
  readonly availableProcessors: number;
  /** Processors' worth of time by the control group, which may be a fraction; null without a limit. */
  readonly cpuQuota: number | null;
  /** Of the machine, or of the control group where that is less. */
  readonly memoryBytes: number;
}

export function inspectMachine(read: (path: string) => string | undefined = readIfThere): Machine {
  const limit = process.constrainedMemory();
  return {
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpuFeatures: cpuFeatures(read('/proc/cpuinfo')),
    processors: cpus().length,
    availableProcessors: availableParallelism(),
    cpuQuota: cpuQuota(read),
    // 0 or more than there is: no limit.
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
  };
}

export function cpuFeatures(
  cpuinfo: string | undefined,
  architecture: NodeJS.Architecture = process.arch,
): readonly string[] | null {
  const wanted: readonly string[] | undefined = (
    FEATURES as Partial<Record<NodeJS.Architecture, readonly string[]>>
  )[architecture];
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo ?? '')?.[1];
  if (line === undefined || wanted === undefined) return null;
  const present = new Set(line.split(/\s+/));
  return wanted.filter((feature) => present.has(feature));
}

/** cgroup v2, then v1. */
export function cpuQuota(read: (path: string) => string | undefined): number | null {
  const [quota = '', period = ''] =
    read('/sys/fs/cgroup/cpu.max')?.trim().split(/\s+/) ??
    ['quota', 'period'].map((name) => read(`/sys/fs/cgroup/cpu/cpu.cfs_${name}_us`)?.trim());
  const processors = Number(quota) / Number(period);
  return processors > 0 && Number.isFinite(processors) ? processors : null;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
