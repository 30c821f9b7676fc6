/** What is asked of the daemon for a trainer: hardened by default, with nothing to switch it off. */
import type { ContainerCreateOptions, DeviceRequest } from 'dockerode';
import type { GpuRequest } from '../../../src/contract/run-spec.js';
import { heapOption, type ContainerLimits } from '../../../src/isolation/container-limits.js';
import { IN_IMAGE } from '../image/names.js';

/** Paths in the container: those of the image, and what is put into its volume. */
export const PATHS = {
  in: IN_IMAGE.in,
  out: IN_IMAGE.out,
  plan: `${IN_IMAGE.in}/plan.json`,
  data: `${IN_IMAGE.in}/data`,
  /** Data that a waiting trainer was given ahead of its run. */
  givenData: `${IN_IMAGE.in}/given`,
  engine: IN_IMAGE.engine,
} as const;

const MIB = 1024 ** 2;

/** In it a job may keep scratch files; it counts as memory. */
const TMP_BYTES = 64 * MIB;
const MOST_OPEN_FILES = 4096;

/**
 * Log files of the daemon: together far above the budget (LOG_BUDGET_BYTES), since a rotation that outruns the
 * reader loses lines without a word.
 */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '512m', 'max-file': '2' } };

export interface TrainerContainer {
  readonly image: string;
  readonly labels: Record<string, string>;
  readonly inVolume: string;
  readonly outVolume: string;
  readonly limits: ContainerLimits;
  readonly gpu?: GpuRequest;
  readonly command: readonly string[];
  /** Keeps the standard input open for one client: a trainer that waits for its plan. */
  readonly waits?: boolean;
}

/** The body of POST /containers/create. */
export function createOptions(container: TrainerContainer): ContainerCreateOptions {
  const { image, labels, inVolume, outVolume, limits, gpu, command, waits = false } = container;
  return {
    Image: image,
    Cmd: [...command],
    User: IN_IMAGE.user,
    // Nothing secret: `docker inspect` shows it.
    Env: [
      `NODE_OPTIONS=${heapOption(limits)}`,
      // Kernels that the driver compiles would be kept in /tmp, which is small and ends with the container.
      ...(gpu === undefined ? [] : ['CUDA_CACHE_DISABLE=1']),
    ],
    Labels: labels,
    NetworkDisabled: true,
    AttachStdin: waits,
    OpenStdin: waits,
    StdinOnce: waits,
    AttachStdout: false,
    AttachStderr: false,
    HostConfig: {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      // A process 1 that passes signals on and buries orphans; node as process 1 ignores SIGTERM.
      Init: true,
      IpcMode: 'private',
      PidsLimit: limits.pids,
      Memory: limits.memoryBytes,
      // The same: no swap on top.
      MemorySwap: limits.memoryBytes,
      NanoCpus: Math.round(limits.cpus * 1e9),
      ShmSize: limits.shmBytes,
      Tmpfs: { [IN_IMAGE.tmp]: `rw,noexec,nosuid,nodev,size=${TMP_BYTES},mode=1777` },
      Ulimits: [
        { Name: 'nofile', Soft: MOST_OPEN_FILES, Hard: MOST_OPEN_FILES },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
      LogConfig: LOG_CONFIG,
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      Mounts: [
        { Type: 'volume', Source: inVolume, Target: PATHS.in, ReadOnly: true },
        { Type: 'volume', Source: outVolume, Target: PATHS.out },
      ],
      ...(gpu === undefined ? {} : { DeviceRequests: [deviceRequest(gpu)] }),
    },
  };
}

/** A container that is never started: through it the volume is filled which the trainer may only read. */
export function fillOptions(image: string, labels: Record<string, string>, inVolume: string) {
  return {
    Image: image,
    Labels: labels,
    NetworkDisabled: true,
    HostConfig: {
      NetworkMode: 'none',
      // Should the volume be gone, the daemon makes it anew: then it is found by these labels.
      Mounts: [
        {
          ...{ Type: 'volume', Source: inVolume, Target: PATHS.in },
          VolumeOptions: { NoCopy: false, Labels: labels, DriverConfig: { Name: '', Options: {} } },
        },
      ],
    },
  } satisfies ContainerCreateOptions;
}

/** CUDA and its tools; the names are the NVIDIA Container Toolkit's driver capabilities. */
function deviceRequest({ devices }: GpuRequest): DeviceRequest {
  const which =
    devices === 'all'
      ? { Count: -1 }
      : typeof devices === 'number'
        ? { Count: devices }
        : { DeviceIDs: [...devices] };
  return { Driver: '', ...which, Capabilities: [['gpu', 'compute', 'utility']], Options: {} };
}
