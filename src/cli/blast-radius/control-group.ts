/** A control group of one's own, v1 or v2, for processes that must not be trusted with the machine. */
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, isErrno } from '../../common/errors.js';

export interface GroupLimits {
  readonly memoryBytes: number;
  readonly processes: number;
}

export interface ControlGroup {
  /** What it starts from now on is in it, too. */
  add(pid: number): Promise<void>;
  /** Ends all that is in it, and removes it. */
  remove(): Promise<void>;
}

/** Where the system shows its groups; tests bring their own. */
export interface GroupPlaces {
  readonly own: string;
  readonly root: string;
}

const PLACES: GroupPlaces = { own: '/proc/self/cgroup', root: '/sys/fs/cgroup' };
const CONTROLLERS = ['memory', 'pids'] as const;

/** @returns why there can be none, as a part of a sentence, where there can be none */
export async function makeControlGroup(
  name: string,
  limits: GroupLimits,
  places: GroupPlaces = PLACES,
): Promise<ControlGroup | string> {
  const made: string[] = [];
  try {
    const folders = groupFolders(name, await readFile(places.own, 'utf8'), places.root);
    const unified = folders.length === 1;
    const [first = ''] = folders;
    if (unified && !(await delegates(dirname(first)))) return 'its control groups are not to be divided here';
    for (const folder of folders) {
      await mkdir(folder);
      made.push(folder);
    }
    await setLimits(folders, limits, unified);
    return controlGroup(folders);
  } catch (error) {
    for (const folder of made) await rmdir(folder);
    if (isErrno(error, 'ENOENT')) return 'it has no control groups for memory and processes';
    return `a control group cannot be made (${describeError(error)})`;
  }
}

/**
 * v1 has a tree a controller. In the one of v2 a group with processes in it has none below: the new one goes beside.
 * @param own text of /proc/self/cgroup
 * @returns of memory first, then of processes; one for both with v2
 */
export function groupFolders(name: string, own: string, root: string): readonly string[] {
  const lines = [...own.matchAll(/^\d+:([^:]*):(.*)$/gm)];
  // Controller → path of this process's group; that of v2 by the name of `''`.
  const paths = new Map(
    lines.flatMap(([, names = '', path = '']) => names.split(',').map((controller) => [controller, path])),
  );
  if (!CONTROLLERS.every((controller) => paths.has(controller))) {
    return [join(root, dirname(paths.get('') ?? '/'), name)];
  }
  return CONTROLLERS.map((controller) => join(root, controller, paths.get(controller) ?? '', name));
}

async function delegates(parent: string): Promise<boolean> {
  const controllers = (await readFile(join(parent, 'cgroup.subtree_control'), 'utf8')).split(/\s+/);
  return CONTROLLERS.every((controller) => controllers.includes(controller));
}

async function setLimits(
  folders: readonly string[],
  { memoryBytes, processes }: GroupLimits,
  unified: boolean,
): Promise<void> {
  const [memory = '', pids = memory] = folders;
  const set = (folder: string, file: string, value: number): Promise<void> =>
    writeFile(join(folder, file), String(value), { flag: 'r+' });
  await set(memory, unified ? 'memory.max' : 'memory.limit_in_bytes', memoryBytes);
  await set(pids, 'pids.max', processes);
  // No swap on top; a kernel that does not count swap has no such file.
  const noSwap = unified
    ? set(memory, 'memory.swap.max', 0)
    : set(memory, 'memory.memsw.limit_in_bytes', memoryBytes);
  await noSwap.catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
}

const REMOVAL_ATTEMPTS = 100;
const POLL_MS = 20;

const controlGroup = (folders: readonly string[]): ControlGroup => ({
  async add(pid) {
    for (const folder of folders) await writeFile(join(folder, 'cgroup.procs'), String(pid));
  },
  async remove() {
    for (const folder of folders) await removeGroup(folder);
  },
});

/** What is killed may have started something a moment before, and takes a moment to be gone. */
async function removeGroup(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      for (const pid of await processesIn(folder)) kill(pid);
      await rmdir(folder);
      return;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return;
      if (!isErrno(error, 'EBUSY', 'ENOTEMPTY') || attempt === REMOVAL_ATTEMPTS) throw error;
      await sleep(POLL_MS);
    }
  }
}

const processesIn = async (folder: string): Promise<readonly number[]> =>
  (await readFile(join(folder, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean).map(Number);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}
