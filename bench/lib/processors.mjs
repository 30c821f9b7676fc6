/** Which processors this process may use, and programs that are bound to one of them. Linux alone tells and binds. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** @returns {readonly number[]} none where the system does not tell, or has no `taskset` (util-linux) to bind with */
export function bindableProcessors() {
  if (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0) return [];
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/**
 * The command that runs another on one processor, with all that it starts.
 * @param {number | undefined} processor undefined: as it is
 * @returns {[command: string, args: readonly string[]]}
 */
export const boundTo = (processor, command, args) =>
  processor === undefined ? [command, args] : ['taskset', ['-c', String(processor), command, ...args]];
