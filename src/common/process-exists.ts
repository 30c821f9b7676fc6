import { isErrno } from './errors.js';

/**
 * Whether there is a process of this number here, somebody else's (EPERM) or a zombie included. In doubt there is:
 * what it owns must not be taken from it.
 */
export function processExists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isErrno(error, 'ESRCH');
  }
}
