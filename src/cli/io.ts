import type { Writable } from 'node:stream';
import type { RunnerError } from '../contract/errors.js';

/** What the command line has of the outside world; tests bring their own. */
export interface CliIo {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** Waits until the result has left; why, if it has not arrived whole. */
  readonly resultLost: () => Promise<RunnerError | undefined>;
  /** Leaves at once, for the second Ctrl-C. */
  readonly exit: (status: number) => void;
}

export type Terminal = Pick<Writable, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };

/** Whether a line can be rewritten in place. */
export const isLive = (terminal: Terminal, env: NodeJS.ProcessEnv): boolean =>
  terminal.isTTY === true && env.TERM !== 'dumb';

/** Colour only where somebody sees it and nobody objects (no-color.org). */
export const wantsColour = (terminal: Terminal, env: NodeJS.ProcessEnv): boolean =>
  isLive(terminal, env) && (env.NO_COLOR ?? '') === '';

/** Some pseudo-terminals say 0 where they do not know. */
export const columnsOf = ({ columns = 0 }: Terminal, otherwise = 80): number =>
  columns > 0 ? columns : otherwise;
