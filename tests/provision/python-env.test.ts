import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, type TestContext } from 'vitest';
import { ensurePythonEnv, installedPackages, PythonEnvError } from '../../scripts/lib/python-env.mjs';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
let env: NodeJS.ProcessEnv;
let steps: string[];
const onProgress = ({ title, share }: { title: string; share?: number }) =>
  steps.push(share === undefined ? title : 'done');

beforeEach(() => {
  directory = temporaryDirectory();
  // Of a folder of ours and nowhere else: these tests need no network.
  env = {
    ...process.env,
    RUNNER_CACHE_DIR: join(directory.path, 'cache'),
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: directory.path,
  };
  steps = [];
});

afterEach(() => directory[Symbol.dispose]());

/** The user's Python, or a skipped test where there is none; with CI set that is a failure. */
function withPip(context: TestContext): void {
  try {
    execFileSync(env.RUNNER_PYTHON ?? 'python3', ['-m', 'pip', '--version'], { stdio: 'ignore' });
  } catch (error) {
    if (process.env.CI) throw error;
    context.skip('python3 with pip is not installed');
  }
}

/** A wheel with one module, as small as they come. */
function writeWheel(name: string, version: string): void {
  const info = `${name}-${version}.dist-info`;
  const files = {
    [`${name}.py`]: `VERSION = "${version}"\n`,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  };
  const program =
    'import json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z:\n  [z.writestr(*f) for f in json.load(sys.stdin).items()]';
  const target = join(directory.path, `${name}-${version}-py3-none-any.whl`);
  execFileSync('python3', ['-c', program, target], { input: JSON.stringify(files) });
}

describe('a Python environment', () => {
  test('is installed once, by whichever of several callers comes first', async (context) => {
    withPip(context);
    writeWheel('greeting', '1.2.3');
    const options = { packages: ['greeting==1.2.3'], onProgress, env };

    const [first, second] = await Promise.all([ensurePythonEnv(options), ensurePythonEnv(options)]);

    expect(second).toBe(first);
    expect(steps).toEqual(['Installing Python packages (once): greeting==1.2.3', 'done']);
    const program = 'import greeting; print(greeting.VERSION)';
    expect(execFileSync(first, ['-c', program], { encoding: 'utf8' })).toBe('1.2.3\n');
    expect(installedPackages(first)).toMatchObject({ greeting: '1.2.3' });
  });

  test('starts clean after one that was interrupted', async (context) => {
    withPip(context);
    writeWheel('greeting', '1.2.3');
    const options = { packages: ['greeting==1.2.3'], onProgress, env };
    const folder = join(await ensurePythonEnv(options), '..');
    const interrupted = `${join(directory.path, 'again', 'python', folder.split('/').at(-1) ?? '')}.building`;
    mkdirSync(interrupted, { recursive: true });
    writeFileSync(join(interrupted, 'half'), '');

    const python = await ensurePythonEnv({
      ...options,
      env: { ...env, RUNNER_CACHE_DIR: join(directory.path, 'again') },
    });

    expect(readdirSync(join(python, '..')).sort()).toEqual(['env.json', 'packages', 'python']);
    expect(readdirSync(join(directory.path, 'again', 'python'))).toHaveLength(1);
  });

  test('that cannot be installed leaves nothing behind and says what pip said', async (context) => {
    withPip(context);
    const failing = ensurePythonEnv({ packages: ['greeting==9.9.9'], onProgress, env });

    await expect(failing).rejects.toThrow(PythonEnvError);
    await expect(failing).rejects.toThrow(/could not install greeting==9\.9\.9.*No matching distribution/s);
    expect(readdirSync(join(directory.path, 'cache', 'python'))).toEqual([]);
  });

  test('names the interpreter that is not there, and the remedy', async () => {
    const missing = ensurePythonEnv({ env: { ...env, RUNNER_PYTHON: '/nowhere/python3' } });

    await expect(missing).rejects.toThrow(
      'Python 3.11 to 3.13 with pip is needed: none was found (looked for /nowhere/python3). Install one, or name it in RUNNER_PYTHON.',
    );
  });
});
