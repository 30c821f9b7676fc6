/**
 * What keeps a fault from harming the machine that the bench runs on. Each fault ends by itself as well (the plan's
 * bounds); what that alone is not enough for is not provoked where the machine cannot hold it.
 */
import type { Fault } from '../../contract/blast-radius.js';
import type { RunMode } from '../../contract/run-spec.js';
import { makeControlGroup } from './control-group.js';
import type { ControlGroup } from './control-group.js';
import { makeSmallDisk } from './small-disk.js';
import type { CaseFolder } from './case-folder.js';

const MIB = 1024 ** 2;

/** Of the runner of a case, and of all that it starts on this host. */
const GROUP = { memoryBytes: 2048 * MIB, processes: 400 } as const;
const DISK_BYTES = 256 * MIB;
/** JavaScript heap of the runner and of trainers in processes of their own; a container's is half of its memory. */
export const HEAP_MIB = 512;
/** Of each container. */
export const CONTAINER_BYTES = 1024 * MIB;

/** Where a fault ends by itself. */
export const OWN_END = {
  memoryBytes: 3072 * MIB,
  logBytes: 1024 * MIB,
  diskBytes: 512 * MIB,
  processes: 40,
  ms: 120_000,
} as const;

const inMiB = (bytes: number): string => `${bytes / MIB} MiB`;

export const BOUNDS_IN_WORDS: readonly string[] = [
  `A runner and all that it starts on this host: ${inMiB(GROUP.memoryBytes)} of memory and ${GROUP.processes} processes and threads, where a control group can be made; a JavaScript heap of ${HEAP_MIB} MiB.`,
  `disk-fill: a disk of ${inMiB(DISK_BYTES)} for the runs. A container: ${inMiB(CONTAINER_BYTES)} of memory, a heap of half of it, otherwise the limits of every run.`,
  `Each fault ends by itself: after ${inMiB(OWN_END.memoryBytes)} of memory, ${inMiB(OWN_END.logBytes)} of output, ${inMiB(OWN_END.diskBytes)} of files, ${OWN_END.processes} processes, ${OWN_END.ms / 1000} s.`,
];

export interface Bounds {
  readonly group: ControlGroup | undefined;
  /** Takes them away; what is still in the group is ended. */
  remove(): Promise<void>;
}

/** @returns why the fault must not be provoked in this mode here, where it must not */
export async function setBounds(
  { mode, fault }: { readonly mode: RunMode; readonly fault: Fault },
  { token, runsDir }: CaseFolder,
): Promise<Bounds | string> {
  const group = await makeControlGroup(`runner-blast-radius-${token}`, GROUP);
  // A container has limits of its own.
  if (typeof group === 'string' && fault === 'memory' && mode !== 'docker') {
    return `nothing here would bound its memory: ${group}`;
  }
  const disk = fault === 'disk-fill' ? await makeSmallDisk(runsDir, DISK_BYTES) : undefined;
  const remove = async (): Promise<void> => {
    if (typeof group !== 'string') await group.remove();
    if (typeof disk === 'object') await disk.remove();
  };
  // What a container fills is a volume of its daemon.
  if (typeof disk === 'string' && mode !== 'docker') {
    await remove();
    return `nothing here would bound its disk: ${disk}`;
  }
  return { group: typeof group === 'string' ? undefined : group, remove };
}
