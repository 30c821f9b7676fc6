/** Processes of this host that bear a token on their command line: the runner of a case, its trainers, and what these leave. */
import { readdir, readFile } from 'node:fs/promises';
import { isErrno } from '../../common/errors.js';

/** Null where the system does not show its processes by files. What is only waiting to be reaped is not counted. */
export async function markedProcesses(token: string): Promise<readonly number[] | null> {
  const pids = await pidsOfAll();
  if (pids === null) return null;
  const marked = await Promise.all(pids.map((pid) => isMarked(pid, token)));
  return pids.filter((_, index) => marked[index]);
}

async function pidsOfAll(): Promise<readonly number[] | null> {
  try {
    const names = await readdir('/proc');
    return names.filter((name) => /^\d+$/.test(name)).map(Number);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/** That of a zombie is empty. */
async function isMarked(pid: number, token: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'latin1')).includes(token);
  } catch {
    // It has just ended, or is hidden: then it is none of this user's.
    return false;
  }
}

/** Ends them all. */
export async function killMarked(token: string): Promise<void> {
  for (const pid of (await markedProcesses(token)) ?? []) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  }
}
