import { execa, type Options } from 'execa';
import { CLI } from '../../scripts/lib/checkout.mjs';

export interface RunnerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Another version of Node than the one that runs the test. */
  readonly node?: string;
}

const optionsOf = ({ env = {}, cwd }: RunnerOptions) =>
  ({
    reject: false,
    stripFinalNewline: false,
    // A run that a test could not stop ends with it.
    timeout: 240_000,
    killSignal: 'SIGKILL',
    env,
    ...(cwd === undefined ? {} : { cwd }),
  }) satisfies Options;

/** Starts the compiled command; nothing is thrown, whatever its exit status. */
export const startRunner = (args: readonly string[], options: RunnerOptions = {}) =>
  execa(options.node ?? process.execPath, [CLI, ...args], optionsOf(options));

/** Runs it to its end. */
export async function runRunner(args: readonly string[], options: RunnerOptions = {}) {
  const { exitCode, stdout, stderr, signal } = await startRunner(args, options);
  return { exitCode, stdout, stderr, signal };
}

/** Runs it with --json and reads the document: stdout must be exactly one. */
export async function runJson(args: readonly string[], options: RunnerOptions = {}) {
  const { exitCode, stdout, stderr } = await runRunner([...args, '--json'], options);
  return { exitCode, document: JSON.parse(stdout) as Record<string, unknown>, stderr };
}
