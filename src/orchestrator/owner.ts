/** Which process a run belongs to, so that one that goes on can be told from one whose process died. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { isErrno } from '../common/errors.js';
import { runPath } from '../contract/run-directory.js';

export const ownerSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Start of the process in clock ticks since boot: a pid used again has another. Null where there is no /proc. */
  startTimeTicks: z.int().nullable(),
});
export type Owner = z.infer<typeof ownerSchema>;

export const thisProcess = (): Owner => ({
  pid: process.pid,
  host: hostname(),
  startTimeTicks: startTimeTicks(process.pid),
});

/**
 * Whether the process that owns the run still lives. A run without an owner on record, or with a garbled one, has
 * none. An owner that cannot be asked (on another host, or its record unreadable) counts as alive: better a run
 * too many called running than a live one removed.
 */
export async function isOwned(runDir: string): Promise<boolean> {
  let record: string;
  try {
    record = await readFile(runPath(runDir, 'owner'), 'utf8');
  } catch (error) {
    return !isErrno(error, 'ENOENT', 'ENOTDIR');
  }
  const owner = parseOwner(record);
  return owner !== undefined && isAlive(owner);
}

function parseOwner(record: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(record)).data;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, host, startTimeTicks: start }: Owner): boolean {
  if (host !== hostname()) return true;
  return start === null ? processExists(pid) : startTimeTicks(pid) === start;
}

/** Null if there is no such process, or if all that is left of it is its exit status. */
function startTimeTicks(pid: number): number | null {
  try {
    // The command in field 2 may hold spaces and brackets, so count from the last bracket.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0] ?? '', fields[19]];
    return ['Z', 'X', 'x'].includes(state) ? null : Number(ticks);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}

function processExists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isErrno(error, 'ESRCH');
  }
}
