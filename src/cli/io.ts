import type { Writable } from 'node:stream';

/** What the command line has of the outside world; tests bring their own. */
export interface CliIo {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** Leaves at once, for the second Ctrl-C. */
  readonly exit: (status: number) => void;
}

export type Terminal = Pick<Writable, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };

/** Colour only where somebody sees it and nobody objects (no-color.org). */
export const wantsColour = (terminal: Terminal, env: NodeJS.ProcessEnv): boolean =>
  terminal.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
