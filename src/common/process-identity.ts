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
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

const PROC = '/proc';

/** A process of this host that is there. */
export function identityOf(pid: number): ProcessIdentity {
  const start = startTimeTicks(pid, PROC);
  return { pid, host: hostname(), startTimeTicks: typeof start === 'number' ? start : null };
}

/** Whether that process is, or was, on this host. */
export const isHere = ({ host }: ProcessIdentity): boolean => host === hostname();

/**
 * Whether that process lives. One that cannot be asked (on another host, or hidden) counts as alive.
 * @param proc where the system shows its processes
 */
export function isAlive(identity: ProcessIdentity, proc = PROC): boolean {
  const { pid, startTimeTicks: start } = identity;
  if (!isHere(identity)) return true;
  const found = start === null ? 'hidden' : startTimeTicks(pid, proc);
  return found === 'hidden' ? processExists(pid) : found === start;
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
