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
 * Whether the process that owns the run still lives. A run without a readable owner has none. An owner on another
 * host cannot be asked, and counts as alive: better a run too many called running than a live one removed.
 */
export async function isOwned(runDir: string): Promise<boolean> {
  const owner = await readOwner(runDir);
  if (owner === undefined) return false;
  if (owner.host !== hostname()) return true;
  if (owner.startTimeTicks !== null) return startTimeTicks(owner.pid) === owner.startTimeTicks;
  return processExists(owner.pid);
}

async function readOwner(runDir: string): Promise<Owner | undefined> {
  try {
    return ownerSchema.safeParse(JSON.parse(await readFile(runPath(runDir, 'owner'), 'utf8'))).data;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function startTimeTicks(pid: number): number | null {
  try {
    // Field 22; the command in field 2 may hold spaces and brackets, so count from the last bracket.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
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
