import { execa } from 'execa';
import type { Provisioning } from './context.js';

export interface CommandResult {
  readonly ok: boolean;
  /** The program could not be started: it is not there, or may not be executed. */
  readonly notFound: boolean;
  readonly stdout: string;
  /** Both streams as they were interleaved. */
  readonly output: string;
}

interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/**
 * Runs a program to its end, with nothing to read. A failure is a result, not an error; it is killed with us.
 * @throws the signal's reason if that is what ended it
 */
export async function runCommand(
  [file, ...args]: readonly string[],
  { env, signal }: Pick<Provisioning, 'env' | 'signal'>,
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await execa(file ?? '', args, {
    cwd: options.cwd ?? process.cwd(),
    env: { ...env, ...options.env },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    cancelSignal: signal,
    ...(options.timeoutMs !== undefined && { timeout: options.timeoutMs }),
  });
  if (result.isCanceled) signal.throwIfAborted();
  return {
    ok: !result.failed,
    notFound: result.failed && ['ENOENT', 'EACCES', 'ENOTDIR'].includes(result.code ?? ''),
    stdout: result.stdout,
    output: result.all,
  };
}

/** What programs say when the disk is full; their exit statuses do not tell. */
export const saysDiskFull = (output: string): boolean =>
  /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/.test(output);
