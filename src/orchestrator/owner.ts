/** Which process a run belongs to, so that one that goes on can be told from one whose process died. */
import { readFile } from 'node:fs/promises';
import { isErrno } from '../common/errors.js';
import { identityOf, isAlive, processIdentitySchema } from '../common/process-identity.js';
import type { ProcessIdentity } from '../common/process-identity.js';
import { runPath } from '../contract/run-directory.js';

export type Owner = ProcessIdentity;

export const thisProcess = (): Owner => identityOf(process.pid);

/**
 * Whether the process that owns the run still lives. A run without an owner on record, or with a garbled one, has
 * none. An owner that cannot be asked (on another host, or its record unreadable) counts as alive: better a run
 * too many called running than a live one removed.
 * @param proc where the system shows its processes
 */
export async function isOwned(runDir: string, proc?: string): Promise<boolean> {
  let record: string;
  try {
    record = await readFile(runPath(runDir, 'owner'), 'utf8');
  } catch (error) {
    return !isErrno(error, 'ENOENT', 'ENOTDIR');
  }
  const owner = parseOwner(record);
  return owner !== undefined && isAlive(owner, proc);
}

/** The owner on record; undefined if there is none, or it is garbled. */
export async function readOwner(runDir: string): Promise<Owner | undefined> {
  try {
    return parseOwner(await readFile(runPath(runDir, 'owner'), 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function parseOwner(record: string): Owner | undefined {
  try {
    return processIdentitySchema.safeParse(JSON.parse(record)).data;
  } catch {
    return undefined;
  }
}

/** `host/pid/start/boot`, for a label on what is made elsewhere for this process. */
export function ownerLabel(): string {
  const { host, pid, startTimeTicks: start, bootId } = thisProcess();
  return `${host}/${pid}/${start ?? ''}/${bootId ?? ''}`;
}

/** Whether the process of such a label, made on this host, lives. */
export function isLabelledOwnerAlive(label: string): boolean {
  const [host = '', pid = '', start = '', boot = ''] = label.split('/');
  const startTimeTicks = start === '' ? null : Number(start);
  const bootId = boot === '' ? null : boot;
  const owner = processIdentitySchema.safeParse({ pid: Number(pid), host, startTimeTicks, bootId }).data;
  return owner !== undefined && isAlive(owner);
}
