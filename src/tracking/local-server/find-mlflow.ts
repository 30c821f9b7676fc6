/** Where MLflow is installed on this machine, as a command that is its own. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { execa } from 'execa';
import { RunnerError } from '../../contract/errors.js';

/** Asks the installed packages only: to import MLflow takes seconds. */
const ASK = 'from importlib.metadata import version; print(version("mlflow"))';
/** A cold disk takes a while to start a Python. */
const ANSWER_WITHIN_MS = 60_000;

/**
 * Arguments that `server` can be put after: of the Python that RUNNER_PYTHON names, else of `mlflow` on PATH, else of
 * python3.
 * @throws RunnerError `mlflow-missing` saying where it was looked for; the signal's reason
 */
export async function findMlflow(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<readonly [string, ...string[]]> {
  const { RUNNER_PYTHON: named } = env;
  const hasMlflow = async (python: string): Promise<boolean> => {
    const { failed, isCanceled } = await execa(python, ['-c', ASK], {
      ...{ env, extendEnv: false, stdin: 'ignore', reject: false, timeout: ANSWER_WITHIN_MS },
      cancelSignal: signal,
    });
    if (isCanceled) signal.throwIfAborted();
    return !failed;
  };
  if (named && (await hasMlflow(named))) return [named, '-m', 'mlflow'];
  const program = await onPath('mlflow', env);
  if (program !== undefined) return [program];
  if (await hasMlflow('python3')) return ['python3', '-m', 'mlflow'];
  throw new RunnerError(
    'mlflow-missing',
    `There is no MLflow on this machine: ${named ? `${named} (RUNNER_PYTHON) has none, ` : ''}there is no mlflow on PATH, and python3 has none.`,
  );
}

/** The file that a shell would run. */
async function onPath(name: string, { PATH = '' }: NodeJS.ProcessEnv): Promise<string | undefined> {
  // What PATH names relatively would be another file in another folder.
  for (const folder of PATH.split(delimiter).filter(isAbsolute)) {
    const file = join(folder, name);
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return undefined;
}
