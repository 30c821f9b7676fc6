/** What a daemon is and can do, as it says itself. */
import { z } from 'zod';
import { describeIssues } from '../../../src/common/parse.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { ANSWER_MS } from './answer-times.js';
import type { DaemonConnection } from './connection.js';
import { toDaemonError } from './daemon-error.js';
import { withDeadline } from './deadline.js';

/** Docker 19.03: the first that can be asked for GPUs. */
export const OLDEST_API = '1.40';

export interface DaemonDescription {
  /** The same for one data folder, whatever the address. */
  readonly id: string;
  readonly version: string;
  /** E.g. `1.41`. */
  readonly apiVersion: string;
  /** Of the machine that containers run on, e.g. `Debian GNU/Linux 12 (bookworm)`. */
  readonly operatingSystem: string;
  /** As the kernel names it, e.g. `x86_64`. */
  readonly architecture: string;
  /** `1`, `2`, or undefined for a daemon that does not tell (before 20.10: `1`). */
  readonly cgroupVersion: string | undefined;
  /** Memory of the machine, in bytes. */
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly storageDriver: string;
  /** Whether limits of this kind hold, or are silently none. */
  readonly limits: {
    readonly memory: boolean;
    readonly swap: boolean;
    readonly cpu: boolean;
    readonly pids: boolean;
  };
  /** Names, e.g. `runc`, `nvidia`. */
  readonly runtimes: readonly string[];
  /** Whether it knows devices by CDI names. */
  readonly cdi: boolean;
  /** CDI names that it has found, e.g. `nvidia.com/gpu=0`; empty for daemons that do not tell. */
  readonly cdiDevices: readonly string[];
  /** Program for `Init: true`; undefined if there is none. */
  readonly initBinary: string | undefined;
  /** E.g. `seccomp`, `apparmor`, `rootless`, `userns`. */
  readonly securityOptions: readonly string[];
  /** Whether it filters the system calls of containers. */
  readonly seccomp: boolean;
  readonly rootless: boolean;
  /** Containers live through a restart of the daemon. */
  readonly liveRestore: boolean;
}

const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string().regex(/^\d+\.\d+$/),
  Os: z.string().default('linux'),
});

/** What older daemons do not tell has a default. */
const infoSchema = z.object({
  ID: z.string().default(''),
  OperatingSystem: z.string().default(''),
  Architecture: z.string().default(''),
  CgroupVersion: z.string().optional(),
  MemTotal: z.number(),
  NCPU: z.number(),
  Driver: z.string().default(''),
  MemoryLimit: z.boolean().default(false),
  SwapLimit: z.boolean().default(false),
  CpuCfsQuota: z.boolean().default(false),
  PidsLimit: z.boolean().default(false),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  CDISpecDirs: z.array(z.string()).nullish(),
  DiscoveredDevices: z.array(z.object({ Source: z.string(), ID: z.string() })).nullish(),
  InitBinary: z.string().optional(),
  SecurityOptions: z.array(z.string()).nullish(),
  LiveRestoreEnabled: z.boolean().default(false),
});

/**
 * @throws RunnerError `daemon-unreachable`, `daemon-forbidden`, `daemon-too-old`, or `daemon-failed` for a daemon that
 *   cannot run Linux containers
 */
export async function describeDaemon(
  connection: DaemonConnection,
  signal: AbortSignal,
): Promise<DaemonDescription> {
  const docker: Abortable = connection.docker;
  const version = await ask(connection, signal, versionSchema, (abortSignal) =>
    docker.version({ abortSignal }),
  );
  requireUsable(connection, version);
  const info = await ask(connection, signal, infoSchema, (abortSignal) => docker.info({ abortSignal }));
  const securityOptions = (info.SecurityOptions ?? []).map(nameOfOption);
  const devices = info.DiscoveredDevices ?? [];
  return {
    ...{ id: info.ID, version: version.Version, apiVersion: version.ApiVersion },
    ...{ operatingSystem: info.OperatingSystem, architecture: info.Architecture },
    ...{ cgroupVersion: info.CgroupVersion, memoryBytes: info.MemTotal, cpus: info.NCPU },
    storageDriver: info.Driver,
    limits: { memory: info.MemoryLimit, swap: info.SwapLimit, cpu: info.CpuCfsQuota, pids: info.PidsLimit },
    runtimes: Object.keys(info.Runtimes ?? {}),
    cdi: (info.CDISpecDirs ?? []).length > 0,
    cdiDevices: devices.filter(({ Source }) => Source === 'cdi').map(({ ID }) => ID),
    initBinary: info.InitBinary === '' ? undefined : info.InitBinary,
    securityOptions,
    seccomp: (info.SecurityOptions ?? []).some(isFilter),
    rootless: securityOptions.includes('rootless'),
    liveRestore: info.LiveRestoreEnabled,
  };
}

/** The client's types know nothing of the signal that these two take. */
interface Abortable {
  version(options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
  info(options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

async function ask<T>(
  connection: DaemonConnection,
  signal: AbortSignal,
  schema: z.ZodType<T>,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<T> {
  let answer: unknown;
  try {
    answer = await withDeadline(signal, ANSWER_MS.describe, call);
  } catch (error) {
    signal.throwIfAborted();
    throw toDaemonError(error, connection, 'itself');
  }
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const { address, source } = connection;
  const message = `What answers at ${address} (${source}) is no Docker daemon: ${describeIssues(parsed.error)}`;
  throw new RunnerError('daemon-unreachable', message, { cause: parsed.error });
}

function requireUsable(
  { address, source }: DaemonConnection,
  { Version, ApiVersion, Os }: z.infer<typeof versionSchema>,
): void {
  const daemon = `The Docker daemon at ${address} (${source})`;
  if (compareVersions(ApiVersion, OLDEST_API) < 0) {
    const message = `${daemon} is version ${Version} with API ${ApiVersion}; runner needs API ${OLDEST_API} or later.`;
    throw new RunnerError('daemon-too-old', message);
  }
  if (Os === 'linux') return;
  throw new RunnerError('daemon-failed', `${daemon} runs ${Os} containers; the trainer is a Linux program.`, {
    hint: 'Switch Docker to Linux containers.',
  });
}

/** `1.9` is before `1.40`. */
function compareVersions(a: string, b: string): number {
  const [[majorA = 0, minorA = 0], [majorB = 0, minorB = 0]] = [numbersOf(a), numbersOf(b)];
  return majorA - majorB || minorA - minorB;
}

const numbersOf = (version: string): readonly number[] => version.split('.').map(Number);

/** `name=seccomp,profile=default` → `seccomp`. */
const nameOfOption = (option: string): string => /(?:^|,)name=([^,]+)/.exec(option)?.[1] ?? option;

/** Not where the daemon was told to filter nothing. */
const isFilter = (option: string): boolean =>
  nameOfOption(option) === 'seccomp' && !/(?:^|,)profile=unconfined(?:,|$)/.test(option);
