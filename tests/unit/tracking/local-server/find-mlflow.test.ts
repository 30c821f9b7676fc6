import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findMlflow } from '../../../../src/tracking/local-server/find-mlflow.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const never = new AbortController().signal;

/** A folder of programs; a Python that has MLflow ends with 0 when it is asked. */
function programs(statuses: Readonly<Record<string, number>>) {
  const directory = temporaryDirectory();
  const bin = join(directory.path, 'bin');
  mkdirSync(bin);
  for (const [name, status] of Object.entries(statuses)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexit ${status}\n`, { mode: 0o755 });
  }
  return {
    bin,
    path: (name: string) => join(bin, name),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

describe('MLflow', () => {
  it('is that of the Python in RUNNER_PYTHON, before all others', async () => {
    using found = programs({ 'my-python': 0, mlflow: 0, python3: 0 });
    const env = { PATH: found.bin, RUNNER_PYTHON: found.path('my-python') };
    expect(await findMlflow(env, never)).toEqual([found.path('my-python'), '-m', 'mlflow']);
  });

  it('is the program on PATH where that Python has none', async () => {
    using found = programs({ 'my-python': 1, mlflow: 0, python3: 0 });
    const env = { PATH: `relative:${found.bin}`, RUNNER_PYTHON: found.path('my-python') };
    expect(await findMlflow(env, never)).toEqual([found.path('mlflow')]);
  });

  it('is that of python3 where there is no such program', async () => {
    using found = programs({ python3: 0 });
    expect(await findMlflow({ PATH: found.bin }, never)).toEqual(['python3', '-m', 'mlflow']);
  });

  it('is missing where nobody has it, and it is said who was asked', async () => {
    using found = programs({ 'my-python': 1, python3: 1 });
    const env = { PATH: found.bin, RUNNER_PYTHON: found.path('my-python') };
    await expect(findMlflow(env, never)).rejects.toMatchObject({
      code: 'mlflow-missing',
      exitCode: 3,
      message: `There is no MLflow on this machine: ${found.path('my-python')} (RUNNER_PYTHON) has none, there is no mlflow on PATH, and python3 has none.`,
    });
  });

  it('is not looked for any longer once that is not wanted', async () => {
    using found = programs({ python3: 0 });
    const reason = new Error('stopped');
    await expect(findMlflow({ PATH: found.bin }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
