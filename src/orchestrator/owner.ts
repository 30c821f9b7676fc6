/** Which process a run belongs to, so that one that goes on can be told from one whose process died. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { temporaryBeside } from '../common/atomic-file.js';
import { isErrno } from '../common/errors.js';
import { identityOf, isAlive, isHere, processIdentitySchema } from '../common/process-identity.js';
import { runPath } from '../contract/run-directory.js';

/** How often a process touches the owner.json of its run while it has that in hand. */
export const HEARTBEAT_MS = 10_000;
/** So many missed, a process of another host is dead: a shared folder may show a file as it was a minute ago. */
const MISSED_HEARTBEATS = 12;

const ownerSchema = processIdentitySchema.extend({
  /** Milliseconds between two touches of its record. Missing in those of earlier versions, which touch nothing. */
  heartbeatMs: z.int().min(1).optional(),
});
export type Owner = z.infer<typeof ownerSchema>;

export const thisProcess = (): Owner => ({ ...identityOf(process.pid), heartbeatMs: HEARTBEAT_MS });

/**
 * Whether the process that owns the run still lives. A run without an owner on record, or with a garbled one, has
 * none. One on another host cannot be asked: its record is touched while it lives. An owner that does not do that, or
 * whose record is unreadable, counts as alive: better a run too many called running than a live one removed.
 * @param proc where the system shows its processes
 */
export async function isOwned(runDir: string, proc?: string): Promise<boolean> {
  try {
    const path = runPath(runDir, 'owner');
    const owner = parseOwner(await readFile(path, 'utf8'));
    if (owner === undefined || isHere(owner)) return owner !== undefined && isAlive(owner, proc);
    const { heartbeatMs } = owner;
    return heartbeatMs === undefined || (await isTouched(path, MISSED_HEARTBEATS * heartbeatMs));
  } catch (error) {
    return !isErrno(error, 'ENOENT', 'ENOTDIR');
  }
}

/**
 * Whether a file was written in the last `withinMs`. By this host's clock, if that says so; else by the clock of the file
 * system, which has dated the file, so that hosts whose clocks differ do not take each other's runs.
 */
async function isTouched(path: string, withinMs: number): Promise<boolean> {
  const { mtimeMs } = await stat(path);
  const age = Date.now() - mtimeMs;
  if (age >= 0 && age < withinMs) return true;
  return (await timeBeside(path)) - mtimeMs < withinMs;
}

/**
 * What the file system takes the time for. Who may not write there has but this host's clock, and can neither take anything over
 * nor remove it.
 * @throws what else keeps a file from being made
 */
async function timeBeside(path: string): Promise<number> {
  // Removed as what is half written is, if this process is killed here. Empty, it needs no room.
  const probe = temporaryBeside(path);
  try {
    await writeFile(probe, '', { flag: 'wx' });
    return (await stat(probe)).mtimeMs;
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    return Date.now();
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
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

/** Undefined for a garbled record. */
export function parseOwner(record: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(record)).data;
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
