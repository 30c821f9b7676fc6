/** Processes told from one another beyond their numbers, which are used again. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { processExists } from './process-exists.js';

export const processIdentitySchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Start of the process in clock ticks since boot: a pid used again has another. Null where there is no /proc. */
  startTimeTicks: z.int().nullable(),
  /** Which boot that is of: after another, ticks and numbers come again. Null where Linux does not tell, or nobody asked. */
  bootId: z.string().nullable().default(null),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

const PROC = '/proc';

/** A process of this host that is there. */
export function identityOf(pid: number): ProcessIdentity {
  const start = startTimeTicks(pid, PROC);
  return {
    ...{ pid, host: hostname(), startTimeTicks: typeof start === 'number' ? start : null },
    bootId: bootId(PROC),
  };
}

/** Whether that process is, or was, on this host. */
export const isHere = ({ host }: ProcessIdentity): boolean => host === hostname();

/**
 * Whether that process lives. One that cannot be asked (on another host, or hidden) counts as alive.
 * @param proc where the system shows its processes
 */
export function isAlive(identity: ProcessIdentity, proc = PROC): boolean {
  const { pid, startTimeTicks: start, bootId: boot } = identity;
  if (!isHere(identity)) return true;
  const current = bootId(proc);
  if (boot !== null && current !== null && boot !== current) return false;
  const found = start === null ? 'hidden' : startTimeTicks(pid, proc);
  return found === 'hidden' ? processExists(pid) : found === start;
}

function bootId(proc: string): string | null {
  try {
    return readFileSync(join(proc, 'sys/kernel/random/boot_id'), 'latin1').trim();
  } catch {
    return null;
  }
}

/**
 * `dead` if all that is left of the process is its exit status. `hidden` if there is nothing to read: there is no
 * such process, or it is another user's and /proc is mounted with `hidepid`, or there is no /proc.
 */
function startTimeTicks(pid: number, proc: string): number | 'dead' | 'hidden' {
  let stat: string;
  try {
    stat = readFileSync(join(proc, String(pid), 'stat'), 'latin1');
  } catch {
    return 'hidden';
  }
  // The command in field 2 may hold spaces and brackets, so count from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticks] = [fields[0] ?? '', fields[19]];
  return ['Z', 'X', 'x'].includes(state) ? 'dead' : Number(ticks);
}
