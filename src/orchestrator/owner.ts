/** Which process a run belongs to, so that one that goes on can be told from one whose process died. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { isErrno } from '../common/errors.js';
import { processExists } from '../common/process-exists.js';
import { runPath } from '../contract/run-directory.js';

const ownerSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Start of the process in clock ticks since boot: a pid used again has another. Null where there is no /proc. */
  startTimeTicks: z.int().nullable(),
});
export type Owner = z.infer<typeof ownerSchema>;

const PROC = '/proc';

export function thisProcess(): Owner {
  const start = startTimeTicks(process.pid, PROC);
  return { pid: process.pid, host: hostname(), startTimeTicks: typeof start === 'number' ? start : null };
}

/**
 * Whether the process that owns the run still lives. A run without an owner on record, or with a garbled one, has
 * none. An owner that cannot be asked (on another host, or its record unreadable) counts as alive: better a run
 * too many called running than a live one removed.
 * @param proc where the system shows its processes
 */
export async function isOwned(runDir: string, proc = PROC): Promise<boolean> {
  let record: string;
  try {
    record = await readFile(runPath(runDir, 'owner'), 'utf8');
  } catch (error) {
    return !isErrno(error, 'ENOENT', 'ENOTDIR');
  }
  const owner = parseOwner(record);
  return owner !== undefined && isAlive(owner, proc);
}

/** Whether that process lives; in doubt it does, as one on another host. */
export const isOwnerAlive = (owner: Owner): boolean => isAlive(owner, PROC);

/** The owner on record; undefined if there is none, or it is garbled. */
export async function readOwner(runDir: string): Promise<Owner | undefined> {
  try {
    return parseOwner(await readFile(runPath(runDir, 'owner'), 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Whether that process is, or was, on this host. */
export const isHere = ({ host }: Owner): boolean => host === hostname();

function parseOwner(record: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(record)).data;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner, proc: string): boolean {
  const { pid, startTimeTicks: start } = owner;
  if (!isHere(owner)) return true;
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

/** `host/pid/start`, for a label on what is made elsewhere for this process. */
export function ownerLabel(): string {
  const { host, pid, startTimeTicks: start } = thisProcess();
  return `${host}/${pid}/${start ?? ''}`;
}

/** Whether the process of such a label, made on this host, lives. */
export function isLabelledOwnerAlive(label: string): boolean {
  const [host = '', pid = '', start = ''] = label.split('/');
  const startTimeTicks = start === '' ? null : Number(start);
  const owner = ownerSchema.safeParse({ pid: Number(pid), host, startTimeTicks }).data;
  return owner !== undefined && isOwnerAlive(owner);
}
