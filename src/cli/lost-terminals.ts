import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD_STREAMS = [0, 1, 2];

/** Which of stdin, stdout and stderr are terminals now. */
export const openTerminals = (): readonly number[] => STANDARD_STREAMS.filter((fd) => isatty(fd));

/**
 * Puts /dev/null in the place of terminals that have been closed since. To be called right before the exit: there
 * Node sets the terminals back to how it found them, and until nodejs/node#58200 it crashes on one that is gone, so
 * that the exit status would be lost.
 */
export function closeLostTerminals(terminals: readonly number[]): void {
  for (const fd of terminals.filter((terminal) => !isatty(terminal))) {
    closeSync(fd);
    // The system gives out the lowest number that is free: this one.
    openSync('/dev/null', 'r+');
  }
}
