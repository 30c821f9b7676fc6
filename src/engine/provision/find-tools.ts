/** The programs that provisioning needs, as the user has them. */
import { RunnerError } from '../../contract/errors.js';
import type { Provisioning } from './context.js';
import { runCommand } from './run-command.js';

type Surroundings = Pick<Provisioning, 'env' | 'signal'>;

export interface Tool {
  /** Program and leading arguments. */
  readonly command: readonly string[];
  /** What it says of itself, in one line. */
  readonly version: string;
}

/** Python alone takes long on a machine that is busy; what does not answer at all would be told as missing. */
const ASK_TIMEOUT_MS = 60_000;

async function ask(command: readonly string[], surroundings: Surroundings): Promise<Tool | undefined> {
  const { ok, output } = await runCommand([...command, '--version'], surroundings, {
    timeoutMs: ASK_TIMEOUT_MS,
  });
  return ok ? { command, version: output.split('\n')[0]?.trim() ?? '' } : undefined;
}

async function firstOf(
  commands: readonly (readonly string[])[],
  surroundings: Surroundings,
): Promise<Tool | undefined> {
  for (const command of commands) {
    const tool = await ask(command, surroundings);
    if (tool) return tool;
  }
  return undefined;
}

/** @throws RunnerError `compiler-missing` */
export async function findCompiler(surroundings: Surroundings): Promise<Tool> {
  // CXX may hold a launcher or flags too: `ccache g++`.
  const chosen = surroundings.env.CXX?.trim().split(/\s+/);
  const commands = chosen?.[0] ? [chosen] : [['c++'], ['g++'], ['clang++']];
  const compiler = await firstOf(commands, surroundings);
  if (compiler) return compiler;
  const tried = commands.map((command) => command.join(' ')).join(', ');
  throw new RunnerError(
    'compiler-missing',
    chosen?.[0]
      ? `The C++ compiler in CXX (${tried}) cannot be run.`
      : `No C++ compiler was found (looked for ${tried}).`,
  );
}

/** `python -m pip`, or pip itself. @throws RunnerError `python-missing` */
export async function findPip(surroundings: Surroundings): Promise<Tool> {
  const pip = await firstOf(
    [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']],
    surroundings,
  );
  if (pip) return pip;
  const python = await findPython(surroundings);
  throw new RunnerError(
    'python-missing',
    python
      ? `${python.version} has no pip, which fetches TensorFlow.`
      : 'No Python was found, whose pip fetches TensorFlow (looked for python3, python, pip3, pip).',
    python ? { hint: 'Install it: `apt-get install python3-pip` or `python3 -m ensurepip`.' } : {},
  );
}

export const findPython = (surroundings: Surroundings): Promise<Tool | undefined> =>
  firstOf([['python3'], ['python']], surroundings);

/** GNU or LLVM strip. That of macOS is left alone: it would break the signature that arm64 asks for. */
export const findStrip = (surroundings: Surroundings): Promise<Tool | undefined> =>
  process.platform === 'linux'
    ? firstOf([['strip'], ['llvm-strip']], surroundings)
    : Promise.resolve(undefined);
