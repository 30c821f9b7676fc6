/** The daemon as `runner doctor` tells of it. */
import { toRunnerError } from '../../src/common/errors.js';
import type { Finding } from '../../src/engine/inspect/findings.js';
import { connect, type DaemonConnection } from './connection/connection.js';
import { type DaemonDescription, describeDaemon } from './connection/describe-daemon.js';

export interface DaemonInspection {
  readonly findings: readonly Finding[];
  /** Undefined where no daemon can be used: the findings say why. */
  readonly daemon: (DaemonDescription & { readonly address: string; readonly source: string }) | undefined;
  /** To ask it more; undefined where `daemon` is. */
  readonly connection?: DaemonConnection;
}

/** Asks the daemon that DOCKER_HOST or the current docker context names. Never rejects but for an aborted signal. */
export async function inspectDaemon({
  env = process.env,
  signal = new AbortController().signal,
}: { readonly env?: NodeJS.ProcessEnv; readonly signal?: AbortSignal } = {}): Promise<DaemonInspection> {
  try {
    const connection = await connect(env);
    const { address, source } = connection;
    const daemon = await describeDaemon(connection, signal);
    return {
      connection,
      daemon: { ...daemon, address, source },
      findings: [
        { name: 'Docker', value: `${daemon.version} (API ${daemon.apiVersion}) at ${address} (${source})` },
        ...findingsOf(daemon),
      ],
    };
  } catch (error) {
    signal.throwIfAborted();
    const known = toRunnerError(error);
    const finding = { name: 'Docker', value: known.message, remedy: known.hintFor('doctor') };
    return { daemon: undefined, findings: [finding] };
  }
}

/** What a daemon can do, for a person. */
export function findingsOf(daemon: DaemonDescription): readonly Finding[] {
  const { operatingSystem, architecture, cpus, memoryBytes, storageDriver } = daemon;
  const machine = `${operatingSystem}, ${architecture}, ${cpus} processors, ${(memoryBytes / 1e9).toFixed(1)} GB`;
  return [
    { name: 'containers on', value: `${machine}, storage by ${storageDriver}` },
    limitsFinding(daemon),
    securityFinding(daemon),
    { name: 'GPUs', value: gpus(daemon) },
  ];
}

function limitsFinding({ cgroupVersion, limits, rootless }: DaemonDescription): Finding {
  const kinds = Object.entries({
    memory: limits.memory,
    'no swap': limits.swap,
    CPU: limits.cpu,
    processes: limits.pids,
  });
  const held = kinds.filter(([, holds]) => holds).map(([kind]) => kind);
  const missing = kinds.filter(([, holds]) => !holds).map(([kind]) => kind);
  const name = 'limits';
  const value = `${held.join(', ') || 'none'} (control groups ${cgroupVersion === undefined ? 'of unknown version' : `v${cgroupVersion}`})`;
  if (missing.length === 0) return { name, value };
  const mend = rootless
    ? 'A rootless daemon needs control groups v2, delegated to its user by systemd.'
    : 'The kernel’s control groups lack them (for memory: boot with `cgroup_enable=memory swapaccount=1`).';
  return { name, value, remedy: `Without effect here: ${missing.join(', ')}. ${mend}` };
}

function securityFinding({ securityOptions, seccomp, initBinary }: DaemonDescription): Finding {
  const name = 'isolation';
  const value = securityOptions.join(', ') || 'none of seccomp, AppArmor, SELinux';
  if (!seccomp) {
    const remedy =
      'Containers may call all of the kernel: use a daemon with seccomp for code that is not trusted.';
    return { name, value, remedy };
  }
  return initBinary === undefined
    ? { name, value, remedy: 'The daemon has no docker-init: install the package tini on its machine.' }
    : { name, value };
}

/** Hints, not proof: only a container with a GPU is that. */
function gpus({ runtimes, cdi, cdiDevices }: DaemonDescription): string {
  const devices = cdiDevices.filter((device) => device.startsWith('nvidia.com/'));
  if (devices.length > 0) return devices.join(', ');
  if (runtimes.includes('nvidia')) return 'NVIDIA’s runtime is there';
  return `none found${cdi ? ' (the daemon knows CDI)' : ''}; \`train --mode docker --gpu\` tells for certain`;
}
