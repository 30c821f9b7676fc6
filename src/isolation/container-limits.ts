/** The limits that a container of its own holds a trainer to. */
import { DEFAULT_LIMITS } from '../contract/limits.js';
import type { Limits } from '../contract/run-spec.js';

const MIB = 1024 ** 2;
/** The share of the memory that JavaScript may use, so that V8 says that its heap is full before the kernel kills. */
const HEAP_SHARE = 0.5;

export interface ContainerLimits {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly pids: number;
  readonly shmBytes: number;
}

/** The limits of a spec; as many processors as it has threads where it names none. */
export const limitsOf = (limits: Limits | undefined, threads: number): ContainerLimits => ({
  memoryBytes: limits?.memoryBytes ?? DEFAULT_LIMITS.memoryBytes,
  cpus: limits?.cpus ?? threads,
  pids: limits?.pids ?? DEFAULT_LIMITS.pids,
  shmBytes: limits?.shmBytes ?? DEFAULT_LIMITS.shmBytes,
});

/** What the trainer's environment says of its heap: `NODE_OPTIONS`. */
export const heapOption = ({ memoryBytes }: Pick<ContainerLimits, 'memoryBytes'>): string =>
  `--max-old-space-size=${Math.floor((memoryBytes * HEAP_SHARE) / MIB)}`;
