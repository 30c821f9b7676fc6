/**
 * A program that ends with this process, however that ends: with SIGKILL, too.
 *
 *   this process ── a pipe ──▶ sh ──▶ the program ──▶ whatever it starts
 *
 * The shell leads a process group of its own, in which all of them are. When the pipe is closed, by this process or by
 * its death, the group is asked to end and then made to. When the program ends by itself, what it has left goes, too.
 */
import { execa } from 'execa';

/** $1: seconds from the request to the kill; $2: the log; then the program and its arguments. */
const SCRIPT = `
grace=$1
exec 3<&0 </dev/null >"$2" 2>&1
shift 2
"$@" 3<&- &
program=$!
(
  trap '' TERM
  cat <&3 >/dev/null
  kill -TERM 0
  sleep "$grace"
  kill -KILL 0
) &
trap '' TERM
exec 3<&-
wait "$program"
echo "Ended with exit status $?."
kill -KILL 0
`;
const GRACE_SECONDS = 5;

export interface Kept {
  /** Settles once the program and all that it has started are gone. Never rejects. */
  readonly ended: Promise<void>;
  /** Asks it to end, and waits until it has. Idempotent. */
  end(): Promise<void>;
}

/** @param log file that takes what it prints, instead of what was in it */
export function keep(
  command: readonly string[],
  { cwd, env, log }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly log: string },
): Kept {
  const child = execa('/bin/sh', ['-c', SCRIPT, 'runner-keeper', String(GRACE_SECONDS), log, ...command], {
    ...{ cwd, env, extendEnv: false, reject: false },
    ...{ stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' },
    // A Ctrl-C in the terminal is for this process, which then ends it in good order.
    detached: true,
  });
  // It may be gone before the pipe is closed.
  child.stdin.on('error', () => undefined);
  const ended = child.then(() => undefined);
  return {
    ended,
    end() {
      child.stdin.destroy();
      return ended;
    },
  };
}
